"""What a run did, for people and for the state machine that tells them: s3://<lake>/runs/<run id>/report.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from streaming_recs.lake.options import JobOptions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass
class RunReport:
    """Grows while the run works; written at its end, also a failed one's."""

    run_id: str
    status: str = "RUNNING"
    counts: dict[str, int] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        content = asdict(self)
        return {**content.pop("facts"), **content}

    def summary(self) -> str:
        """A few lines to read in the job's output."""
        lines = [f"run {self.run_id}: {self.status}"]
        lines += [f"  {what:<28} {count:>14,}" for what, count in self.counts.items()]
        lines += [line for name, value in self.facts.items() for line in _told(name, value, 2)]
        lines += [f"  reason: {reason}" for reason in self.reasons]
        return "\n".join(lines)


def _told(name: str, value: Any, indent: int) -> list[str]:
    """A fact in a line; a mapping with a line an entry below its name."""
    if isinstance(value, dict):
        inner = [line for key, entry in value.items() for line in _told(str(key), entry, indent + 2)]
        return [f"{' ' * indent}{name}", *inner]
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return [f"{' ' * indent}{name:<{30 - indent}} {text:>14}"]


@contextmanager
def reported(s3: S3Client, options: JobOptions) -> Iterator[RunReport]:
    """A report that is written and printed when the block ends, whichever way it does."""
    report = RunReport(options.run_id)
    try:
        yield report
        report.status = "SUCCEEDED"
    except Exception as problem:
        report.status = "FAILED"
        report.reasons.append(str(problem))
        raise
    finally:
        body = json.dumps(report.to_json(), indent=2, ensure_ascii=False, default=str).encode()
        key = f"runs/{options.run_id}/report.json"
        s3.put_object(Bucket=options.lake_bucket, Key=key, Body=body, ContentType="application/json")
        print(report.summary(), flush=True)
