"""The shim answers as Glue's own library does, and says by name what it does not have."""

import sys

import pytest
from local_aws.engines.spark import SHIM

sys.path.insert(0, str(SHIM))
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import GlueArgumentError, getResolvedOptions

ARGV = ["job.py", "--job-bookmark-option", "job-bookmark-disable", "--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1"]


def test_options_come_with_glues_own():
    options = getResolvedOptions([*ARGV, "--JOB_NAME", "etl", "--other", "x", "--stage", "a b"], ["JOB_NAME", "stage"])
    assert options == {
        "job_bookmark_option": "job-bookmark-disable",
        "job_bookmark_from": None,
        "job_bookmark_to": None,
        "JOB_ID": "j_1",
        "JOB_RUN_ID": "jr_1",
        "SECURITY_CONFIGURATION": None,
        "encryption_type": None,
        "enable_data_lineage": None,
        "RedshiftTempDir": None,
        "TempDir": None,
        "JOB_NAME": "etl",
        "stage": "a b",
    }


def test_a_missing_option_and_a_reserved_one_are_refused():
    with pytest.raises(GlueArgumentError, match="required: --stage"):
        getResolvedOptions(ARGV, ["stage"])
    with pytest.raises(GlueArgumentError, match="reserved arguments JOB_RUN_ID"):
        getResolvedOptions(ARGV, ["JOB_RUN_ID"])


def test_bookmarks_are_refused_rather_than_ignored():
    job = Job(None)
    with pytest.raises(NotImplementedError, match="bookmarks are not emulated"):
        job.init("etl", {"job_bookmark_option": "job-bookmark-enable"})
    job = Job(None)
    with pytest.raises(RuntimeError, match=r"before Job\.init"):
        job.commit()
    job.init("etl", {"job_bookmark_option": "job-bookmark-disable"})
    job.commit()


def test_what_is_not_there_says_so():
    with pytest.raises(NotImplementedError, match=r"DynamicFrame\.resolveChoice is not emulated"):
        DynamicFrame(None, None).resolveChoice(specs=[])
    with pytest.raises(NotImplementedError, match=r"GlueContext\.getSink is not emulated"):
        GlueContext.__new__(GlueContext).getSink(path="s3://x")
