"""publish: the audited branches become what readers see."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from batch_etl.lake.records import Publication
from batch_etl.stages.context import Run
from batch_etl.stages.state import Audited, Built, Extracted

DISTRIBUTION = "batch_etl"
"""As the wheel that the job is given calls itself."""


def publish(run: Run) -> Publication:
    """Journal and fast-forward under the publish lock; doing it twice under one run id changes nothing more."""
    extracted = Extracted.from_json(run.folder.read("extract"))
    built = Built.from_json(run.folder.read("build"))
    audited = Audited.from_json(run.folder.read("audit"))
    entry = Publication(
        run_id=run.run_id,
        published_at=datetime.now(UTC),
        code_version=code_version(),
        snapshots=dict(audited.snapshots),
        rows_read=sum(extracted.figures.rows.values()),
        rows_written=sum(built.rows.values()),
        rows_quarantined=quarantined_rows(extracted, built),
    )
    with run.publish_lock.held():
        run.publisher.publish(entry)
    run.metrics.put({"RowsPublished": entry.rows_written, "RowsQuarantined": entry.rows_quarantined})
    return entry


def quarantined_rows(extracted: Extracted, built: Built) -> int:
    """All rows left out, of any table, at the extract or for the star schema."""
    return sum(mirror.quarantined for mirror in extracted.mirrors.values()) + sum(built.quarantined.values())


def code_version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
