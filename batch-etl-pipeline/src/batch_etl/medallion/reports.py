"""A run's report, written and printed when the run ends, whichever way it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from batch_etl.lake.run_folder import RunFolder
from batch_etl.medallion.files import Counts
from batch_etl.medallion.options import MedallionOptions
from batch_etl.report import RunReport
from batch_etl.stages.runner import REPORT, reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@contextmanager
def reported(s3: S3Client, options: MedallionOptions) -> Iterator[RunReport]:
    """The report grows in the block; a failure is reported with its reason and goes on."""
    report = RunReport(options.run_id)
    try:
        yield report
        report.status = "SUCCEEDED"
    except BaseException as problem:
        report.status, report.reasons = "FAILED", [reason(problem)]
        raise
    finally:
        RunFolder(s3, options.lake_bucket, options.run_id).write(REPORT, report.to_json())
        report.print_summary()


def noted(report: RunReport, what: str, counts: Counts) -> Counts:
    """The counts among the report's, by name and in all."""
    for name, value in (
        ("read", counts.read), ("good", counts.good), ("quarantined", counts.bad), ("duplicates", counts.duplicates),
    ):  # fmt: skip
        report.counts[name] = report.counts.get(name, 0) + value
        report.counts[f"{what} {name}"] = value
    return counts
