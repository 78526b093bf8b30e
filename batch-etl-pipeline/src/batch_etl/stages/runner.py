"""The run: its stages in order, under the lock against overlapping runs, with a report whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from batch_etl.options import Stage
from batch_etl.report import RunReport
from batch_etl.stages.audit import audit
from batch_etl.stages.build import build
from batch_etl.stages.context import Run
from batch_etl.stages.extract import extract
from batch_etl.stages.publish import publish, quarantined_rows
from batch_etl.stages.state import Audited, Built, Extracted

REPORT = "report"


def run_stages(run: Run) -> RunReport:
    """Run the wanted stages. A failure is reported with its reason and raised again, so that the job is FAILED."""
    report = _begun(run)
    try:
        with run.run_lock.held(hand_over=Stage.PUBLISH not in run.options.stages):
            for stage in run.options.stages:
                started = time.monotonic()
                run.folder.forget(*_after(stage))
                _STAGES[stage](run, report)
                report.stages[stage] = round(time.monotonic() - started, 1)
                print(f"{stage} done in {report.stages[stage]} s", flush=True)
    except BaseException as problem:
        report.status, report.reasons = "FAILED", [reason(problem)]
        run.folder.write(REPORT, report.to_json())
        report.print_summary()
        raise
    run.folder.write(REPORT, report.to_json())
    return report


def reason(problem: BaseException) -> str:
    """Kind and message in one line: Spark's exceptions bring whole stack traces, which stay in the log."""
    lines = [line for line in str(problem).splitlines() if line.strip()]
    return f"{type(problem).__name__}: {lines[0].strip() if lines else 'no message'}"


def _begun(run: Run) -> RunReport:
    """The report of the stages that ran before under this run id, or a new one."""
    known = run.folder.find(REPORT)
    report = RunReport.from_json(known) if known and Stage.EXTRACT not in run.options.stages else RunReport(run.run_id)
    report.status, report.reasons = "RUNNING", []
    return report


def _after(stage: Stage) -> list[str]:
    """The results that this stage makes stale."""
    order = list(Stage)
    return [str(later) for later in order[order.index(stage) :]]


def _extract(run: Run, report: RunReport) -> None:
    extracted = extract(run)
    run.folder.write(Stage.EXTRACT, extracted.to_json())
    report.counts["read"] = sum(extracted.figures.rows.values())
    report.sums["source"] = f"{extracted.figures.lines.amount:,.2f}"
    report.notes += extracted.recovered
    report.notes += [
        f"{count} values of {column} are invalid and became null" for column, count in extracted.blanked.items()
    ]


def _build(run: Run, report: RunReport) -> None:
    built = build(run)
    run.folder.write(Stage.BUILD, built.to_json())
    extracted = Extracted.from_json(run.folder.read(Stage.EXTRACT))
    report.counts["written"] = sum(built.rows.values())
    report.counts["quarantined"] = quarantined_rows(extracted, built)
    report.sums["quarantined"] = f"{(extracted.lost_lines + built.lost_lines).amount:,.2f}"


def _audit(run: Run, report: RunReport) -> None:
    audited = audit(run)
    run.folder.write(Stage.AUDIT, audited.to_json())
    report.sums["fact_orders"] = f"{audited.amount:,.2f}"
    report.notes.append(f"{audited.checks} checks passed: fact_orders + quarantined = source, to the cent")


def _publish(run: Run, report: RunReport) -> None:
    entry = publish(run)
    built = Built.from_json(run.folder.read(Stage.BUILD))
    unchanged = Audited.from_json(run.folder.read(Stage.AUDIT)).unchanged
    run.folder.write(Stage.PUBLISH, {"published_at": entry.published_at.isoformat()})
    report.status = "SUCCEEDED"
    report.tables = {
        name: {"rows": built.rows[name], "snapshot_id": snapshot} for name, snapshot in entry.snapshots.items()
    }
    if unchanged:
        report.notes.append(f"unchanged, so left as they are: {', '.join(unchanged)}")


_STAGES: dict[Stage, Callable[[Run, RunReport], Any]] = {
    Stage.EXTRACT: _extract,
    Stage.BUILD: _build,
    Stage.AUDIT: _audit,
    Stage.PUBLISH: _publish,
}
