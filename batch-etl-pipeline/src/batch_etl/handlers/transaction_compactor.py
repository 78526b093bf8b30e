"""retail-transaction-compactor: the small files of past days become one file a day.

The state machine retail-transaction-compaction calls it. {"step": "compact"} takes every day before today, or the
`days` given; {"step": "clean", "moves": […]} empties the folders that those were in, when no query reads them any more.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from batch_etl.lake.lock import Lock
from batch_etl.sources.feed.compaction import Compaction
from batch_etl.sources.feed.settings import TableSettings, required
from batch_etl.sources.feed.table import TransactionsTable

SPARE_MILLISECONDS = 60_000  # for the day that is begun last


@cache
def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entry point. Raises LockHeld, CompactionMismatch, or what a service answered."""
    table = TransactionsTable(client("glue"), client("s3"), TableSettings.from_environment(os.environ))
    compaction, owner = Compaction(table), context.aws_request_id
    with Lock(client("dynamodb"), required(os.environ, "LOCK_TABLE"), "transaction-compaction", owner).held():
        if event.get("step") == "clean":
            answer: dict[str, Any] = {"removed": compaction.clean(event["moves"])}
        else:
            today = f"{datetime.now(UTC):%Y-%m-%d}"
            days = event.get("days") or [day for day in table.days() if day < today]
            moves = compaction.compact(days, lambda: context.get_remaining_time_in_millis() > SPARE_MILLISECONDS)
            answer = {"moves": [move.to_json() for move in moves]}
    print(json.dumps(answer), flush=True)
    return answer
