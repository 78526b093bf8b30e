"""Files that were not loaded, given to a new execution: after a failure, a mended contract or a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from batch_etl.sources.store_files.arrivals import FileVersion
from batch_etl.sources.store_files.intake import start
from batch_etl.sources.store_files.ledger import Ledger, Status, file_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_SOON = timedelta(minutes=15)
"""So long a file may wait for its execution before it counts as forgotten."""


@dataclass(frozen=True)
class Waiting:
    """A file that was not loaded, its status, and why."""

    file: FileVersion
    status: Status
    reason: str


@dataclass(frozen=True)
class Replay:
    states: SFNClient
    ledger: Ledger
    machine_arn: str

    def candidates(self, pattern: str = "*", *, refused: bool = False, bad_rows: bool = False) -> list[Waiting]:
        """What failed, and what an execution that has ended left behind.

        With `refused` also what was refused, with `bad_rows` what was loaded but for some of its rows. `pattern` is for
        the name below store-files/.
        """
        rows = [*self.ledger.having(Status.FAILED), *self._left_behind()]
        if refused:
            rows += self.ledger.having(Status.REFUSED)
        if bad_rows:
            rows += (row for row in self.ledger.having(Status.LOADED) if row["rowsBad"])
        found = [Waiting(file_of(row), Status(row["status"]), row.get("reason", "")) for row in rows]
        return sorted((one for one in found if fnmatchcase(one.file.name, pattern)), key=lambda one: one.file)

    def _left_behind(self) -> Iterator[dict[str, Any]]:
        for row in self.ledger.having(Status.CLAIMED):
            if not self._is_running(row["runId"]):
                yield row
        latest = (datetime.now(UTC) - _SOON).strftime("%Y-%m-%dT%H:%M:%S")
        yield from (row for row in self.ledger.having(Status.RECEIVED) if row["receivedAt"] < latest)

    def _is_running(self, run_id: str) -> bool:
        arn = f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{run_id}"
        try:
            return self.states.describe_execution(executionArn=arn)["status"] == "RUNNING"
        except ClientError as problem:
            if problem.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return False
            raise

    def again(self, waiting: list[Waiting]) -> int:
        """Start executions for them; rows that have arrived count once all the same. How many were started."""
        files = [one.file for one in waiting if self.ledger.release(one.file)]
        return start(self.states, self.machine_arn, files, salt=datetime.now(UTC).isoformat())
