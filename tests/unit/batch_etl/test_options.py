"""The job's arguments, good and bad."""

from __future__ import annotations

import pytest
from batch_etl.errors import OptionError
from batch_etl.options import EtlOptions, Mode, SourceOptions, Stage

ARGV = (
    "retail_etl_job.py --JOB_ID j_1 --JOB_RUN_ID jr_7 --JOB_NAME retail-etl-job --enable-metrics "
    "--datalake-formats iceberg --project retail --lake_bucket lake --source_host db --source_port 3306 "
    "--source_database classicmodels --source_secret_arn arn:x --source_ca s3://art/ca/source-ca.pem "
    "--publish_lock_table retail-publish-lock"
).split()


def test_glues_own_arguments_are_passed_over_and_the_run_is_named_by_glue():
    assert EtlOptions.from_argv(ARGV) == EtlOptions(
        project="retail",
        lake_bucket="lake",
        source=SourceOptions("db", 3306, "classicmodels", "arn:x", "s3://art/ca/source-ca.pem"),
        publish_lock_table="retail-publish-lock",
        run_id="jr_7",
        stages=(Stage.EXTRACT, Stage.BUILD, Stage.AUDIT, Stage.PUBLISH),
        mode=Mode.FULL,
    )


def test_a_later_argument_replaces_an_earlier_as_in_glue():
    options = EtlOptions.from_argv([*ARGV, "--run_id", "nightly-1", "--stages=publish,audit"])
    assert (options.run_id, options.stages) == ("nightly-1", (Stage.AUDIT, Stage.PUBLISH))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source_port", "70000"),
        ("source_port", "x"),
        ("stages", "extract,polish"),
        ("stages", ","),
        ("mode", "incremental"),
        ("lake_bucket", "s3://lake/"),
        ("source_ca", "/etc/ca.pem"),
        ("run_id", "a b"),
        ("project", "Retail!"),
    ],
)
def test_a_bad_value_is_named_with_its_option_and_a_remedy(name, value):
    with pytest.raises(OptionError) as error:
        EtlOptions.from_argv([*ARGV, f"--{name}", value])
    assert str(error.value).startswith(f"--{name} has the value {value!r}. Give ")


def test_a_missing_option_is_named():
    without = [word for word in ARGV if word not in ("--source_host", "db")]
    with pytest.raises(OptionError, match=r"--source_host is missing\. Pass it to the job"):
        EtlOptions.from_argv(without)
