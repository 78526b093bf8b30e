"""What a run did, for people and for the state machine that notifies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RunReport:
    """Grows stage by stage; written as runs/<run id>/report.json after each run, also a failed one."""

    run_id: str
    status: str = "RUNNING"
    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "status": self.status,
            "counts": self.counts,
            "sums": self.sums,
            "reasons": self.reasons,
            "notes": self.notes,
            "tables": self.tables,
            "stages": self.stages,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> RunReport:
        return cls(**content)

    def summary(self) -> str:
        """A few lines to read in the job's output."""
        lines = [f"run {self.run_id}: {self.status}"]
        lines += [f"  {stage:<10} {seconds:8.1f} s" for stage, seconds in self.stages.items()]
        if self.counts:
            lines.append("  rows       " + ", ".join(f"{count:,} {what}" for what, count in self.counts.items()))
        lines += [f"  {what:<24} {amount:>20}" for what, amount in self.sums.items()]
        lines += [f"  {name:<24} {facts['rows']:>20,} rows" for name, facts in self.tables.items()]
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  reason: {reason}" for reason in self.reasons]
        return "\n".join(lines)

    def print_summary(self) -> None:
        print(self.summary(), flush=True)
