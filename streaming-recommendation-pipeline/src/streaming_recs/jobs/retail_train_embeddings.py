"""retail-train-embeddings: ratings_ml_training → an evaluated model version, its embeddings, and the gate's decision.

Glue runs this file as the job's script; the package beside it and what it needs come as wheels.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import boto3

from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.lake.options import JobOptions
from streaming_recs.lake.run_report import reported
from streaming_recs.lake.session import glue_session
from streaming_recs.lake.training_input import training_input
from streaming_recs.training_run import retrain


def main(argv: Sequence[str]) -> None:
    """Raises a JobError, which Glue records as the run's error message, when the run fails."""
    options, spark, s3 = JobOptions.from_argv(argv), glue_session("retail-train-embeddings"), boto3.client("s3")
    with reported(s3, options) as report:
        sources, data = training_input(spark, options)
        retrain(sources, data, ModelStore(s3, options.lake_bucket), report, seed=options.seed, force=options.force)


if __name__ == "__main__":
    main(sys.argv)
