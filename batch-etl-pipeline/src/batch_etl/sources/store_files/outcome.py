"""What became of files, in numbers that must add up, and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from batch_etl.errors import RowsUnaccounted
from batch_etl.sources.store_files.arrivals import FileVersion
from batch_etl.sources.store_files.entries import Defect, FileRefused, shown

_MOST_REASONS = 20


@dataclass
class FileOutcome:
    """`read` counts every record that the file was seen to hold: good, duplicate or bad, nothing else."""

    file: FileVersion
    contract: str = ""
    content_hash: str = ""
    read: int = 0
    good: int = 0
    duplicates: int = 0
    bad: int = 0
    refusal: FileRefused | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    def found_bad(self, defect: Defect) -> None:
        self.bad += 1
        self.reasons[shown(_kind_of(defect))] += 1

    def check(self) -> None:
        """Raises RowsUnaccounted unless in = good + duplicates + bad."""
        if self.read != self.good + self.duplicates + self.bad:
            raise RowsUnaccounted(
                f"{self.file.key} ({self.file.version}): {self.read:,} rows in are not {self.good:,} good + "
                f"{self.duplicates:,} duplicate + {self.bad:,} bad. Run it again by `retail replay-files`; if it "
                "repeats, the job has a fault."
            )

    def facts(self) -> dict[str, Any]:
        """For the ledger."""
        counts = {"rowsIn": self.read, "rowsGood": self.good, "rowsDuplicate": self.duplicates, "rowsBad": self.bad}
        told = {"contract": self.contract, "contentHash": self.content_hash, "reason": self.why()}
        return counts | {name: value for name, value in told.items() if value}

    def why(self) -> str:
        if self.refusal is not None:
            return f"{self.refusal.reason}. {self.refusal.remedy}"
        return "; ".join(f"{count:,} x {reason}" for reason, count in self.reasons.most_common(3))


def _kind_of(defect: Defect) -> str:
    """The reason without the value, so that like ones are counted together."""
    if defect.field and " is no " in defect.reason:
        return f"{defect.field} is no {defect.reason.rpartition(' is no ')[2]}"
    if defect.field and defect.reason.endswith("is not above zero"):
        return f"{defect.field} is not above zero"
    return defect.reason


def counts(outcomes: Iterable[FileOutcome]) -> dict[str, int]:
    """Of a run, for its report."""
    found = list(outcomes)
    return {
        "files": len(found),
        "files_refused": sum(outcome.refusal is not None for outcome in found),
        "read": sum(outcome.read for outcome in found),
        "good": sum(outcome.good for outcome in found),
        "duplicates": sum(outcome.duplicates for outcome in found),
        "quarantined": sum(outcome.bad for outcome in found),
    }


def reasons(outcomes: Iterable[FileOutcome]) -> list[str]:
    """A line a file that has something wrong, the most telling ones."""
    lines = [f"{outcome.file.name}: {outcome.why()}" for outcome in outcomes if outcome.why()]
    more = len(lines) - _MOST_REASONS
    return lines[:_MOST_REASONS] + ([f"… and {more} files more, all in the ledger"] if more > 0 else [])


def subject(machine: str, found: dict[str, int]) -> str:
    """Of the message about a run: ASCII and at most 100 characters, as SNS wants it."""
    if found["files_refused"] == found["files"]:
        what = f"FAILED, {found['files']:,} files refused"
    elif found["files_refused"] or found["quarantined"]:
        what = f"loaded, {found['files_refused']:,} files refused, {found['quarantined']:,} rows quarantined"
    else:
        what = f"{found['files']:,} files loaded"
    return f"{machine}: {what}"[:100]
