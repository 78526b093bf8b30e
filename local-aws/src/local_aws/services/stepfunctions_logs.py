"""Execution history in CloudWatch Logs, by a state machine's logging configuration."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

Document = dict[str, Any]
_FATAL = {"ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"}


@dataclass
class ExecutionLogs:
    """Takes events from any thread and writes them from one of its own: some callers are the gateway's event loop."""

    client: Callable[[str], Any]
    _queue: queue.Queue[tuple[str, str, Document]] = field(default_factory=queue.Queue)
    _writer: threading.Thread | None = None
    _streams: set[tuple[str, str]] = field(default_factory=set)

    def record(self, machine: Document, execution: Document, event: Document) -> None:
        """Queue one event of an execution's history, when the machine's level asks for it."""
        configuration = machine.get("loggingConfiguration") or {}
        if not wanted(configuration.get("level", "OFF"), event["type"]):
            return
        entry = log_event(execution, event, with_data=configuration.get("includeExecutionData", False))
        stream = stream_name(machine["name"], execution)
        for destination in configuration.get("destinations", []):
            arn = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
            self._queue.put((arn.split(":log-group:")[1].removesuffix(":*"), stream, entry))
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, daemon=True, name="states-logs")
            self._writer.start()

    def _write(self) -> None:
        while True:
            group, stream, entry = self._queue.get()
            with contextlib.suppress(ClientError):  # delivery is best effort on AWS too: the group may be gone
                self._put(group, stream, entry)

    def _put(self, group: str, stream: str, entry: Document) -> None:
        logs = self.client("logs")
        if (group, stream) not in self._streams:
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
            self._streams.add((group, stream))
        event = {"timestamp": int(entry["event_timestamp"]), "message": json.dumps(entry)}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def wanted(level: str, kind: str) -> bool:
    """Whether a level (ALL, ERROR, FATAL, OFF) takes an event of this type."""
    if level == "ALL" or (level in ("ERROR", "FATAL") and kind in _FATAL):
        return True
    return level == "ERROR" and kind.endswith(("Failed", "TimedOut", "Aborted", "FailStateEntered"))


def log_event(execution: Document, event: Document, *, with_data: bool) -> Document:
    """One line as Step Functions writes it; input and output only when the machine includes execution data."""
    details: Document = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    shown = {name: value for name, value in details.items() if with_data or name not in ("input", "output")}
    moment = datetime.fromisoformat(str(event["timestamp"]).replace("Z", "+00:00"))
    return {
        "id": str(event["id"]),
        "type": event["type"],
        "details": shown,
        "previous_event_id": str(event["id"] - 1),
        "event_timestamp": str(int(moment.timestamp() * 1000)),
        "execution_arn": execution["executionArn"],
    }


def stream_name(machine: str, execution: Document) -> str:
    started = datetime.fromisoformat(str(execution["startDate"]).replace("Z", "+00:00"))
    return f"states/{machine}/{started:%Y-%m-%d-%H-%M}/{execution['name'][:36]}"
