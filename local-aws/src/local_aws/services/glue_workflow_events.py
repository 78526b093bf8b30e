"""EventBridge events on their way to workflows with an EVENT trigger, gathered until a batch is full or its time is up.

Source: AWS Glue Developer Guide, "Overview of workflows" (EventBridge event): a batch is one event unless the trigger
says more, its window 900 seconds, counted from the first event.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local_aws.settings import ACCOUNT, REGION
from local_aws.store import Table
from local_aws.wire import Params

_ARN = f"arn:aws:glue:{REGION}:{ACCOUNT}:workflow/"
_LONGEST_SECONDS = 900


def is_workflow(arn: str) -> bool:
    return arn.startswith(_ARN)


@dataclass(frozen=True)
class Mailbox:
    """The table glue.workflow_events: the bus puts in, the thread that looks after workflows takes out."""

    table: Table

    def put(self, arn: str, event_id: str) -> None:
        self.table[str(uuid.uuid4())] = {"Workflow": arn.removeprefix(_ARN), "Event": event_id, "At": time.time()}

    def batches(self, triggers: dict[str, Params]) -> Iterator[tuple[str, Params, Params]]:
        """Workflow, run properties and StartingEventBatchCondition of each batch that is due, which is then gone.

        `triggers` are the EVENT triggers that are on, by workflow; what comes for another workflow is dropped.
        """
        waiting: dict[str, list[tuple[str, Params]]] = {}
        for key, event in self.table.items():
            waiting.setdefault(event["Workflow"], []).append((key, event))
        for workflow, events in waiting.items():
            if workflow not in triggers:
                self._drop(events)
                continue
            for batch, condition in _due(events, triggers[workflow].get("EventBatchingCondition", {})):
                self._drop(batch)
                properties = {"aws:eventIds": json.dumps([event["Event"] for _, event in batch])}
                yield workflow, properties, {"StartingEventBatchCondition": condition}

    def _drop(self, events: list[tuple[str, Params]]) -> None:
        for key, _ in events:
            del self.table[key]


def _due(events: list[Any], condition: Params) -> Iterator[tuple[list[Any], Params]]:
    size = int(condition.get("BatchSize", 1))
    seconds = float(condition.get("BatchWindow") or _LONGEST_SECONDS)
    while len(events) >= size:
        yield events[:size], {"BatchSize": size}
        events = events[size:]
    if events and time.time() - events[0][1]["At"] >= seconds:
        yield events, {"BatchWindow": int(seconds)}
