"""One query on Trino by its REST protocol: watched at every step, cancelled for real.

Trino's own client hides what Athena must show: values as they are on the wire, and statistics while a query runs.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx

from local_aws.context import Context
from local_aws.engines.trino import CATALOG, ENGINE, ICEBERG_CATALOG, Trino
from local_aws.supervisor import read_spec, read_status
from local_aws.wire import AwsError

USER = "athena"
START_SECONDS = 240
WORKER_SECONDS = 60
FAILED_STARTS = 3
_PROBE = "SELECT count(*) FROM TABLE(sequence(1, 2))"
_PLACE = re.compile(r"^line (\d+):")
_NOT_AUTHORIZED = " or requester is not authorized to access requested resources"


class EngineGone(Exception):  # noqa: N818 - what happened
    """Trino ended, or did not start; it is being started again."""


class ScanLimitExceeded(Exception):  # noqa: N818 - what happened
    """The query read more than its workgroup allows."""


class QueryFailed(Exception):  # noqa: N818 - what happened
    """Trino's own error: name (COLUMN_NOT_FOUND), kind (USER_ERROR) and message with its place."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.name = str(error.get("errorName", "GENERIC_INTERNAL_ERROR"))
        self.kind = str(error.get("errorType", "INTERNAL_ERROR"))
        self.message = str(error.get("message", "")).replace(ICEBERG_CATALOG, CATALOG)
        super().__init__(f"{self.name}: {self.message}")


@dataclass
class RunningQuery:
    """What a query has done so far; `cancel` may be called from any thread."""

    byte_limit: int | None = None
    stats: dict[str, Any] = field(default_factory=dict)
    engine_ids: list[str] = field(default_factory=list)  # Trino's ids of the statements, which name the files written
    cancelled: threading.Event = field(default_factory=threading.Event)
    _earlier_bytes: int = 0
    _next: str | None = None

    def cancel(self) -> None:
        self.cancelled.set()
        self.end()

    def end(self) -> None:
        """Tell Trino to stop working on it."""
        if self._next:
            with suppress(httpx.HTTPError):
                httpx.delete(self._next, timeout=10)

    @property
    def scanned_bytes(self) -> int:
        return self._earlier_bytes + int(self.stats.get("physicalInputBytes", 0))

    def begin(self) -> None:
        self._earlier_bytes, self.stats = self.scanned_bytes, {}

    def check(self) -> None:
        if self.cancelled.is_set():
            raise InterruptedError

    def note(self, answer: dict[str, Any]) -> None:
        """Take over what Trino says; raises when the query must not go on."""
        self._next, self.stats = answer.get("nextUri"), answer.get("stats", self.stats)
        if answer["id"] not in self.engine_ids:
            self.engine_ids.append(answer["id"])
        if self.cancelled.is_set():
            self.end()
            raise InterruptedError
        if self.byte_limit is not None and self.scanned_bytes > self.byte_limit:
            self.end()
            raise ScanLimitExceeded("Bytes scanned limit was exceeded")


@dataclass(frozen=True)
class TrinoClient:
    """Blocking; for use in threads."""

    ctx: Context
    identity: str = field(default_factory=lambda: uuid.uuid4().hex)  # tells its queries from an earlier gateway's
    _proven: set[int] = field(default_factory=set)

    @cached_property
    def engine(self) -> Trino:
        return Trino(self.ctx.settings, self.ctx.engines.free_port(ENGINE))

    def start(self) -> None:
        """Ask the supervisor for Trino; returns at once."""
        self.ctx.engines.ensure(self.engine.prepare(), wait=False)

    def resume(self) -> None:
        """After a restart: bring the specification of a known Trino up to date, and end what nobody waits for."""
        if read_spec(self.ctx.settings, ENGINE) is None:
            return
        self.start()
        with suppress(httpx.HTTPError, ValueError):
            for query in httpx.get(f"{self.engine.url}/v1/query", headers=self._headers(), timeout=30).json():
                ours = query["session"].get("clientInfo") == self.identity  # asked for since the restart
                if not ours and query["state"] not in ("FINISHED", "FAILED"):
                    address = f"{self.engine.url}/v1/query/{query['queryId']}"
                    httpx.delete(address, headers=self._headers(), timeout=30)

    def wait_ready(self, running: RunningQuery) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            running.check()
            status = read_status(self.ctx.settings, ENGINE)
            if time.monotonic() > deadline or (status and status.failures >= FAILED_STARTS):
                raise EngineGone(f"Trino does not start; its log: {self.ctx.engines.log_path(ENGINE)}")
            time.sleep(0.2)

    def ready(self) -> bool:
        """Whether a query finds a worker; asked once of each Trino process."""
        status = read_status(self.ctx.settings, ENGINE)
        if status is None or status.state != "healthy" or not status.process.alive:
            return False
        if status.pid not in self._proven:
            with suppress(EngineGone, QueryFailed):
                list(self.execute(_PROBE, database="default", running=RunningQuery())[1])
                self._proven.add(status.pid)
        return status.pid in self._proven

    def check(self, sql: str) -> None:
        """Let Trino read a statement, no more; raises AwsError with the place where it cannot."""
        try:
            list(self.execute(f"PREPARE looked_at FROM\n{sql}", database="default", running=RunningQuery())[1])
        except QueryFailed as error:
            if error.name == "SYNTAX_ERROR":
                message = _PLACE.sub(lambda place: f"line {int(place[1]) - 1}:", error.message, count=1)
                raise AwsError("InvalidRequestException", message) from error
        except EngineGone:
            return

    def execute(
        self, sql: str, *, database: str, running: RunningQuery, session: dict[str, str] | None = None
    ) -> tuple[list[tuple[str, str]], Iterator[list[Any]]]:
        """Returns ((column, type)…, rows); the values are those of Trino's JSON protocol.

        On a busy machine Trino now and then takes its only worker for gone, for a moment: nothing has run then.
        """
        deadline = time.monotonic() + WORKER_SECONDS
        while True:
            try:
                return self._execute(sql, self._headers(database, session), running)
            except QueryFailed as error:
                if error.name != "NO_NODES_AVAILABLE" or time.monotonic() > deadline:
                    raise
            running.check()
            time.sleep(0.5)

    def _execute(
        self, sql: str, headers: dict[str, str], running: RunningQuery
    ) -> tuple[list[tuple[str, str]], Iterator[list[Any]]]:
        running.begin()
        answers = self._answers(sql, headers, running)
        columns: list[tuple[str, str]] = []
        for answer in answers:
            columns = [(column["name"], column["type"]) for column in answer.get("columns", ())] or columns
            if answer.get("data"):
                return columns, _rows(answer, answers)
        return columns, iter(())

    def _answers(self, sql: str, headers: dict[str, str], running: RunningQuery) -> Iterator[dict[str, Any]]:
        with httpx.Client(timeout=60, headers=headers) as http:
            answer = _said(lambda: http.post(f"{self.engine.url}/v1/statement", content=sql.encode()))
            while True:
                running.note(answer)
                if "error" in answer:
                    raise QueryFailed(answer["error"])
                yield answer
                following = answer.get("nextUri")
                if following is None:
                    return
                answer = _said(lambda uri=following: http.get(uri))

    def _headers(self, database: str | None = None, session: dict[str, str] | None = None) -> dict[str, str]:
        headers = {"X-Trino-User": USER, "X-Trino-Source": "athena", "X-Trino-Time-Zone": "UTC"}
        headers["X-Trino-Client-Info"] = self.identity
        headers["X-Trino-Client-Capabilities"] = "PARAMETRIC_DATETIME,SESSION_AUTHORIZATION"
        if database:
            headers |= {"X-Trino-Catalog": CATALOG, "X-Trino-Schema": database}
        if session:
            headers["X-Trino-Session"] = ",".join(f"{name}={quote(value)}" for name, value in session.items())
        return headers


def _rows(first: dict[str, Any], following: Iterator[dict[str, Any]]) -> Iterator[list[Any]]:
    yield from first.get("data") or ()
    for answer in following:
        yield from answer.get("data") or ()


def _said(request: Any) -> dict[str, Any]:
    try:
        response = request()
        while response.status_code in (502, 503, 504):
            time.sleep(0.1)
            response = request()
    except httpx.TransportError as error:
        raise EngineGone("The query engine ended while the query ran; it is being started again.") from error
    if response.status_code != 200:
        raise EngineGone(f"The query engine does not know the query any more ({response.status_code}).")
    document: dict[str, Any] = response.json()
    return document


def reason_of(error: BaseException) -> tuple[str, bool]:
    """(StateChangeReason, whether the user is at fault) as Athena words it."""
    if isinstance(error, QueryFailed):
        message = error.message
        if error.name == "COLUMN_NOT_FOUND" and message.endswith("cannot be resolved"):
            message += _NOT_AUTHORIZED
        return f"{error.name}: {message}", error.kind == "USER_ERROR"
    if isinstance(error, EngineGone):
        return f"GENERIC_INTERNAL_ERROR: {error}", False
    return f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}", False
