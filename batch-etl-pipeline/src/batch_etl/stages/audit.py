"""audit: the run's branches against the source's own figures; only what passes may be published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pyspark.sql import DataFrame

from batch_etl.errors import AuditFailed
from batch_etl.parallel import side_by_side
from batch_etl.quality.audit import Check, audit_star
from batch_etl.quality.checksum import checksum
from batch_etl.schemas import STAR
from batch_etl.stages.context import Run
from batch_etl.stages.state import Audited, Built, Extracted


def audit(run: Run) -> Audited:
    """Check all invariants and write the results down, passed or not. Raises AuditFailed with every broken one."""
    extracted = Extracted.from_json(run.folder.read("extract"))
    built = Built.from_json(run.folder.read("build"))
    star = {name: run.publisher.read(run.run_id, name) for name in STAR}
    quarantined = extracted.lost_lines + built.lost_lines
    checks = mirror_checks(extracted) + audit_star(star, extracted.figures.lines, quarantined)
    run.records.quality(run.run_id, datetime.now(UTC), checks)
    broken = [check for check in checks if not check.passed]
    run.metrics.put({"ChecksFailed": len(broken)})
    if broken:
        raise AuditFailed(
            f"{len(broken)} of {len(checks)} checks failed, nothing was published: " + "; ".join(map(str, broken))
        )
    snapshots, unchanged = _compare_with_published(run, built, star)
    return Audited(snapshots, unchanged, len(checks), extracted.figures.lines.amount - quarantined.amount)


def mirror_checks(extracted: Extracted) -> list[Check]:
    """Every table was read whole: what the source counts is what arrived."""
    return [
        Check(
            table=name,
            name="rows + quarantined = rows of the source",
            expected=str(extracted.figures.rows[name]),
            actual=str(mirror.rows + mirror.quarantined),
        )
        for name, mirror in extracted.mirrors.items()
    ]


def _compare_with_published(run: Run, built: Built, star: Mapping[str, DataFrame]) -> tuple[dict[str, int], list[str]]:
    """The snapshots to publish: a table that says what the published one says keeps that one's snapshot."""

    def unchanged(name: str) -> int | None:
        table, published = run.publisher.table(name), run.publisher.published(name)
        if published is None or table.rows_at(published) != built.rows[name]:
            return None
        same = checksum(table.read_at(published)) == checksum(star[name])
        return published if same else None

    kept = {name: snapshot for name, snapshot in side_by_side(unchanged, star).items() if snapshot is not None}
    return dict(built.snapshots) | kept, list(kept)
