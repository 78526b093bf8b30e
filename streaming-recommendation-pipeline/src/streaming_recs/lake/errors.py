"""What can go wrong in the Glue jobs, as one tree. Every message names the thing and what to do.

JobError
├── OptionError          an argument of the job is missing or makes no sense
├── NotPublishedError    there is nothing to start from
└── AuditFailedError     the new table breaks an invariant; the old one stays readable
"""

from __future__ import annotations


class JobError(Exception):
    """Base of all; a job that ends in one is FAILED with this message."""


class OptionError(JobError):
    """An argument of the job is missing or makes no sense."""


class NotPublishedError(JobError):
    """There is nothing to start from: the job that makes it has not run."""


class AuditFailedError(JobError):
    """The new table breaks an invariant; the old one stays readable."""
