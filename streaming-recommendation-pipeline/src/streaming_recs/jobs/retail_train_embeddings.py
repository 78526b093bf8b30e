"""retail-train-embeddings: ratings_ml_training → an evaluated model version, its embeddings, and the gate's decision.

Glue runs this file as the job's script; the package beside it comes as wheels.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import boto3

from streaming_recs.lake.options import JobOptions
from streaming_recs.lake.run_report import reported
from streaming_recs.lake.session import glue_session
from streaming_recs.lake.training_table import TrainingTable


def main(argv: Sequence[str]) -> None:
    """Raises a JobError, which Glue records as the run's error message, when the run fails."""
    options, spark, s3 = JobOptions.from_argv(argv), glue_session("retail-train-embeddings"), boto3.client("s3")
    with reported(s3, options) as report:
        table = TrainingTable(spark, options.gold)
        snapshot = table.snapshot()
        report.facts = table.origin(snapshot)


if __name__ == "__main__":
    main(sys.argv)
