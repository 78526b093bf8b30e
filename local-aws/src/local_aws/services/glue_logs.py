"""A run's logs in CloudWatch Logs, as Glue 5 writes them: <prefix>/output for the script, <prefix>/error for Spark."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

PREFIX = "/aws-glue/jobs"
_BATCH_EVENTS, _BATCH_BYTES, _EVENT_BYTES = 1000, 900_000, 250_000


def destination(arguments: dict[str, str], run_id: str) -> tuple[str, str]:
    """Log group prefix and stream, by --custom-logGroup-prefix and --custom-logStream-prefix."""
    stream = arguments.get("--custom-logStream-prefix")
    return arguments.get("--custom-logGroup-prefix") or PREFIX, f"{stream}-driver" if stream else run_id


@dataclass
class LogFile:
    """Ships a growing file to one stream, line by line. It goes on where the stream ends, so nothing is lost or said
    twice when the gateway was killed in between. Blank lines, which CloudWatch does not take, are left out."""

    logs: Any  # a boto3 client
    path: Path
    group: str
    stream: str
    _offset: int = 0  # bytes of the file that are shipped
    _ahead: int | None = None  # lines after the offset that the stream already has; None: not yet asked

    def ship(self, *, final: bool = False) -> None:
        """Send the whole lines that are new; with `final` also a last line without its end."""
        try:
            if self._ahead is None:
                self._ahead = self._open()
            self._send(*self._new_lines(final))
        except Exception:
            self._offset, self._ahead = 0, None  # ask again what arrived
            raise

    def _send(self, lines: list[str], end: int) -> None:
        have = self._ahead or 0
        for batch in _batches(lines[have:]):
            now = int(time.time() * 1000)
            events = [{"timestamp": now, "message": line} for line in batch]
            self.logs.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=events)
        self._offset, self._ahead = end, max(0, have - len(lines))

    def _new_lines(self, final: bool) -> tuple[list[str], int]:
        if not self.path.exists():
            return [], 0
        with self.path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text if final else text[: text.rfind(b"\n") + 1]
        lines = [line[:_EVENT_BYTES].decode("utf-8", "replace") for line in whole.split(b"\n")]
        return [line for line in lines if line.strip()], self._offset + len(whole)

    def _open(self) -> int:
        """Create group and stream where they are missing; returns how many events the stream has."""
        unless_there(self.logs.create_log_group, logGroupName=self.group)
        unless_there(self.logs.create_log_stream, logGroupName=self.group, logStreamName=self.stream)
        count = 0
        token: dict[str, str] = {}
        while True:
            answer = self.logs.get_log_events(
                logGroupName=self.group, logStreamName=self.stream, startFromHead=True, limit=10_000, **token
            )
            count += len(answer["events"])
            if not answer["events"] or answer["nextForwardToken"] == token.get("nextToken"):
                return count
            token = {"nextToken": answer["nextForwardToken"]}


def unless_there(create: Any, **names: str) -> None:
    try:
        create(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise


def _batches(lines: list[str]) -> list[list[str]]:
    batches: list[list[str]] = []
    size = _BATCH_BYTES
    for line in lines:
        if size + len(line) > _BATCH_BYTES or len(batches[-1]) == _BATCH_EVENTS:
            batches.append([])
            size = 0
        batches[-1].append(line)
        size += len(line) + 26
    return batches
