"""What becomes of a batch after its invocation. Pure.

Source: "How Lambda processes records from stream and queue-based event sources", "Configuring partial batch response
with Kinesis Data Streams and Lambda".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from local_aws.services.kinesis_log import Record


@dataclass(frozen=True)
class Settings:
    """`retries` and `age` are None for no limit; `age` in seconds."""

    batch_size: int
    window_seconds: float
    retries: int | None
    age: float | None
    bisect: bool
    partial: bool

    @classmethod
    def of(cls, mapping: dict[str, Any]) -> Settings:
        retries, age = mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"]
        return cls(
            batch_size=mapping["BatchSize"],
            window_seconds=mapping["MaximumBatchingWindowInSeconds"],
            retries=None if retries == -1 else retries,
            age=None if age == -1 else float(age),
            bisect=mapping["BisectBatchOnFunctionError"],
            partial="ReportBatchItemFailures" in mapping["FunctionResponseTypes"],
        )


@dataclass(frozen=True)
class Piece:
    """Records that are invoked together. `retries` counts towards the quota, which splitting does not use up."""

    records: tuple[Record, ...]
    retries: int = 0
    invocations: int = 0


@dataclass(frozen=True)
class Outcome:
    """An invocation as the mapping sees it."""

    payload: bytes
    function_error: str | None
    version: str = "$LATEST"
    request_id: str = ""


@dataclass(frozen=True)
class Verdict:
    """`done` records need no more; `again` are the pieces to invoke next, in order; `discarded` is given up."""

    done: int
    again: tuple[Piece, ...] = ()
    discarded: Piece | None = None


def first_failure(outcome: Outcome, piece: Piece, settings: Settings) -> int | None:
    """The index of the first record that failed; 0 when the whole batch did; None for success."""
    if outcome.function_error:
        return 0
    if not settings.partial:
        return None
    failures = _reported(outcome.payload)
    if failures is None:
        return 0
    places = {record.sequence_number: index for index, record in enumerate(piece.records)}
    if any(not isinstance(number, str) or number not in places for number in failures):
        return 0
    return min((places[number] for number in failures), default=None)


def _reported(payload: bytes) -> list[Any] | None:
    """The sequence numbers of batchItemFailures; None for a response that AWS takes for a complete failure."""
    try:
        response = json.loads(payload or b"null")
    except ValueError:
        return None
    if response in (None, "", {}):
        return []
    if not isinstance(response, dict):
        return None
    failures = response.get("batchItemFailures") or []
    if not isinstance(failures, list) or not all(isinstance(entry, dict) for entry in failures):
        return None
    return [entry.get("itemIdentifier") for entry in failures]


def judge(outcome: Outcome, piece: Piece, settings: Settings) -> Verdict:
    """Retry from the first failure on; split when asked to; give up when the quota is used up."""
    failed = first_failure(outcome, piece, settings)
    if failed is None:
        return Verdict(done=len(piece.records))
    rest = Piece(piece.records[failed:], piece.retries, piece.invocations + 1)
    if failed:  # the batch got on: what remains is a batch of its own
        return Verdict(failed, (replace(rest, retries=0, invocations=0),))
    if settings.bisect and len(rest.records) > 1:
        middle = len(rest.records) // 2
        halves = (replace(rest, records=rest.records[:middle]), replace(rest, records=rest.records[middle:]))
        return Verdict(0, halves)
    if settings.retries is not None and rest.retries >= settings.retries:
        return Verdict(0, (), rest)
    return Verdict(0, (replace(rest, retries=rest.retries + 1),))


def split_expired(piece: Piece, settings: Settings, now: float) -> tuple[Piece | None, Piece | None]:
    """(records that are too old to be sent, the others)."""
    if settings.age is None:
        return None, piece
    old = tuple(record for record in piece.records if now - record.arrived > settings.age)
    young = tuple(record for record in piece.records if now - record.arrived <= settings.age)
    return replace(piece, records=old) if old else None, replace(piece, records=young) if young else None
