"""What can go wrong, as one tree. Every message names the thing, says what is wrong with it and what to do.

EtlError
├── OptionError              an argument of the job is missing or makes no sense
├── SourceError
│   ├── SourceUnreachable    no connection could be made
│   ├── SourceAccessDenied   the database refuses the user, also after reading the secret again
│   ├── SourceConnectionLost the database went away in the middle of the extract
│   ├── SourceTableMissing   a table of the contract is not there
│   ├── SourceColumnMissing  a column of the contract is not there
│   └── SourceTypeChanged    a column's type no longer fits the contract
├── StagingError             local disk or S3 did not take the extract
├── RunStateMissing          a stage was started before the one it builds on
├── LockError
│   ├── LockHeld             another run or maintenance holds it
│   └── LockLost             ours was taken over, so nothing more may be written
├── AuditFailed              the new tables break an invariant; the old ones stay readable
└── PublicationConflict      a table moved on under this run
"""

from __future__ import annotations


class EtlError(Exception):
    """Base of all; a job that ends in one is FAILED with this message."""


class OptionError(EtlError):
    """An argument of the job is missing or makes no sense."""

    def __init__(self, option: str, value: str | None, remedy: str) -> None:
        given = "is missing" if value is None else f"has the value {value!r}"
        super().__init__(f"--{option} {given}. {remedy}")


class SourceError(EtlError):
    """The source database cannot be read as agreed."""


class SourceUnreachable(SourceError):
    """No connection could be made."""


class SourceAccessDenied(SourceError):
    """The database refuses the user, also after the secret was read again."""


class SourceConnectionLost(SourceError):
    """The database went away in the middle of the extract; nothing of it was used."""


class SourceTableMissing(SourceError):
    """A table of the contract is not in the source; the dump may be partial."""


class SourceColumnMissing(SourceError):
    """A column of the contract is not in the source."""


class SourceTypeChanged(SourceError):
    """A column's type in the source no longer fits the contract."""


class StagingError(EtlError):
    """Local disk or S3 did not take the extract."""


class RunStateMissing(EtlError):
    """A stage was started before the one it builds on, or that one's traces are gone."""


class LockError(EtlError):
    """The right to write is somebody else's."""


class LockHeld(LockError):
    """Another run or maintenance holds the lock."""


class LockLost(LockError):
    """Our lock was taken over, so nothing more may be written."""


class AuditFailed(EtlError):
    """The new tables break an invariant; the old ones stay readable."""


class PublicationConflict(EtlError):
    """A table moved on under this run, so its branch no longer follows from it."""
