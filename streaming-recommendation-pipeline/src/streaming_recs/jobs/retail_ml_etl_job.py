"""retail-ml-etl-job: the last publication's purchases and ratings, with products and customers → ratings_ml_training.

Glue runs this file as the job's script; the package beside it comes as a wheel (--extra-py-files).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import boto3

from streaming_recs.lake.options import JobOptions
from streaming_recs.lake.publication import last_publication
from streaming_recs.lake.run_report import reported
from streaming_recs.lake.session import glue_session
from streaming_recs.lake.training_table import TrainingTable
from streaming_recs.training_data import prepare, sources_of


def main(argv: Sequence[str]) -> None:
    """Raises a JobError, which Glue records as the run's error message, when the run fails."""
    options, spark, s3 = JobOptions.from_argv(argv), glue_session("retail-ml-etl-job"), boto3.client("s3")
    with reported(s3, options) as report:
        publication, table = last_publication(spark, s3, options), TrainingTable(spark, options.gold)
        if not options.force and table.is_made_of(sources_of(publication)):
            report.facts = {"snapshot": table.snapshot()}
            report.reasons.append("The tables it is made of have not changed; --force true writes it again.")
            return
        prepared = prepare(publication)
        report.counts = prepared.counts
        figures, snapshot = table.publish(prepared.rows, options.run_id, prepared.note)
        report.counts |= {name: figures[name] for name in ("rows", "customers", "products", "rated")}
        report.facts = {"snapshot": snapshot, "begins": figures["begins"], "ends": figures["ends"]} | prepared.note


if __name__ == "__main__":
    main(sys.argv)
