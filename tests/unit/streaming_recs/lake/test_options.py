"""A job's arguments, as Glue passes them."""

from __future__ import annotations

import pytest
from streaming_recs.lake.errors import OptionError
from streaming_recs.lake.options import JobOptions

GIVEN = ["job", "--project", "retail", "--lake_bucket", "retail-lake", "--JOB_RUN_ID", "jr_1", "--enable-metrics"]


def test_glues_run_id_is_the_runs_unless_a_state_machine_names_it():
    assert JobOptions.from_argv(GIVEN) == JobOptions("retail", "retail-lake", "jr_1", 7)
    assert JobOptions.from_argv([*GIVEN, "--run_id", "night-3", "--seed=11"]).run_id == "night-3"
    assert JobOptions.from_argv([*GIVEN, "--force", "true"]).force


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (["--project", "Retail!"], r"--project has the value 'Retail!'. Give a lower-case name"),
        (["--lake_bucket", "s3://x"], r"--lake_bucket has the value 's3://x'. Give a bucket name, no s3://"),
        (["--seed", "-1"], r"--seed has the value '-1'"),
        (["--force", "yes"], r"--force has the value 'yes'. Give true or false"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(added, message):
    with pytest.raises(OptionError, match=message):
        JobOptions.from_argv([*GIVEN, *added])


def test_what_is_missing_is_named():
    with pytest.raises(OptionError, match="--lake_bucket is missing"):
        JobOptions.from_argv(["job", "--project", "retail", "--run_id", "x"])
