"""extract: the source in one snapshot → staging → bronze mirrors."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from batch_etl.lake.mirror import StagedFiles
from batch_etl.lake.staging import StagedTable
from batch_etl.parallel import side_by_side
from batch_etl.quality.audit import LineTotals
from batch_etl.sources.contract import SourceTable
from batch_etl.sources.decoding import REJECTED, Decoded, decode
from batch_etl.sources.mysql import Snapshot, open_snapshot
from batch_etl.stages.context import Run
from batch_etl.stages.state import Extracted, MirrorState, figures_to_json


@dataclass
class Findings:
    """What could not be taken over as it was: rejected rows by table, blanked values by column, lost order lines."""

    rejected: Counter[str] = field(default_factory=Counter)
    blanked: Counter[str] = field(default_factory=Counter)
    lost_lines: LineTotals = field(default_factory=lambda: LineTotals(0, Decimal(0)))

    def note(self, table: SourceTable, decoded: Decoded) -> None:
        self.rejected[table.name] += decoded.rejected.num_rows
        self.blanked.update({f"{table.name}.{column}": count for column, count in decoded.blanked.items()})
        if table.name == "orderdetails":
            for record in decoded.rejected.column("record").to_pylist():
                self.lost_lines += _line(json.loads(record))


def extract(run: Run) -> Extracted:
    """Read everything, then replace the mirrors. Nothing is written before the source's columns have been checked."""
    findings = Findings()
    with run.source() as source, open_snapshot(source) as snapshot:
        tables = snapshot.tables()
        recovered = _tidy_up(run)
        with run.staging.writer("_rejected", REJECTED) as rejected:
            staged = {table.name: _stage(run, snapshot, table, rejected, findings) for table in tables}
        figures = snapshot.figures(tables)
    run.staging.write_json("source_figures", figures_to_json(figures))
    snapshots = side_by_side(lambda table: run.mirror.load(table, staged[table.name]), tables)
    return Extracted(
        mirrors={
            table.name: MirrorState(loaded, staged[table.name].rows, findings.rejected[table.name])
            for table, loaded in snapshots.items()
        },
        figures=figures,
        rejected_files=rejected.keys,
        lost_lines=findings.lost_lines,
        blanked=dict(findings.blanked),
        recovered=recovered,
    )


def _tidy_up(run: Run) -> list[str]:
    """Finish or undo what a run before this one left."""
    with run.publish_lock.held():
        recovered = run.publisher.recover()
    run.staging.clear()
    return recovered


def _stage(run: Run, snapshot: Snapshot, table: SourceTable, rejected: StagedTable, findings: Findings) -> StagedFiles:
    with run.staging.writer(table.name, table.arrow_schema) as staged:
        for rows in snapshot.stream(table):
            decoded = decode(rows, table)
            staged.write(decoded.good)
            if decoded.rejected.num_rows:
                rejected.write(decoded.rejected)
            findings.note(table, decoded)
    return StagedFiles(run.staging.bucket, staged.keys, staged.rows, staged.digest)


def _line(record: dict[str, str | None]) -> LineTotals:
    """What SUM(quantityOrdered * priceEach) counted for a line that cannot be taken over."""
    quantity, price = record.get("quantityOrdered"), record.get("priceEach")
    return LineTotals(1, Decimal(quantity) * Decimal(price) if quantity and price else Decimal(0))
