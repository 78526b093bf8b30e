"""Statements of the Redshift Data API: taken, run in threads, cancelled, and remembered across restarts."""

from __future__ import annotations

import logging
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from local_aws import upstream
from local_aws.context import Context
from local_aws.services.athena_engine import EngineGone, QueryFailed, RunningQuery, TrinoClient
from local_aws.services.redshift_commands import obey
from local_aws.services.redshift_records import invalid, not_found
from local_aws.services.redshift_results import RedshiftResults
from local_aws.services.redshift_schemas import SchemasOfDatabase, StatementError, User
from local_aws.services.redshift_sql import Translator
from local_aws.settings import ACCOUNT
from local_aws.store import Table
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.redshift")

AT_ONCE = 4
MOST_ACTIVE = 500
KEPT = timedelta(hours=24)
ENDED = ("FINISHED", "FAILED", "ABORTED")
INTERRUPTED = "ERROR: The statement was interrupted by a restart of the service; run it again."
_COLUMN = re.compile(r"Column '([^']+)' cannot be resolved")
_PLACE = re.compile(r"^line \d+:\d+: ")


@dataclass(frozen=True)
class Login:
    """Where and as whom a statement runs. `refusal` is what the database says instead of letting the user in."""

    schemas: SchemasOfDatabase
    user: User
    workgroup_arn: str
    refusal: str | None = None

    def check(self) -> None:
        if self.refusal:
            raise StatementError(self.refusal, severity="FATAL: ")


@dataclass(frozen=True)
class Work:
    """An accepted statement while it runs; `touched` are the schemas that it has changed so far."""

    login: Login
    parameters: dict[str, str]
    running: RunningQuery = field(default_factory=RunningQuery)
    touched: set[str] = field(default_factory=set)


@dataclass
class Statements:
    """`start` returns at once; the records are what DescribeStatement tells."""

    ctx: Context
    _works: dict[str, Work] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records: Table = self.ctx.table("redshift.statements")
        self.results = RedshiftResults(self.ctx.settings.state / "redshift")
        self.trino = TrinoClient(self.ctx)
        self._pool = ThreadPoolExecutor(AT_ONCE, "redshift")
        self._numbers = count(int(time.time()))

    def resume(self) -> None:
        """What ran when the gateway ended failed; what is older than a day is forgotten but for its id."""
        for statement, record in self.records.items():
            if record.get("Status") and record["Status"] not in ENDED:
                self._end(statement, "FAILED", INTERRUPTED)
        self.sweep()

    def sweep(self) -> None:
        for statement, record in self.records.items():
            if _is_expired(record) and "Status" in record:
                self.results.forget(statement)
                self.records[statement] = {"CreatedAt": record["CreatedAt"]}

    def start(self, record: Params, login: Login, parameters: dict[str, str]) -> Params:
        if len(self._works) >= MOST_ACTIVE:
            raise AwsError("ActiveStatementsExceededException", f"{MOST_ACTIVE} statements are active already.")
        statement, now = str(uuid.uuid4()), datetime.now(UTC)
        parts = [_part(sql, "SUBMITTED", now) for sql in record["Sqls"]]
        added = {"Id": statement, "Status": "SUBMITTED", "CreatedAt": now, "UpdatedAt": now, "Parts": parts}
        self.records[statement] = record | added | {"DbUser": login.user.name, "WorkgroupArn": login.workgroup_arn}
        self._works[statement] = Work(login, parameters)
        self._pool.submit(self._run, statement)
        return self.records[statement]

    def get(self, statement: str) -> Params:
        base = statement.partition(":")[0]
        if base not in self.records:
            raise not_found(f"Query does not exist: {statement}")
        record = self.records[base]
        if _is_expired(record):
            until = int((record["CreatedAt"] + KEPT).timestamp())
            raise invalid(f"Could not retrieve the query result as it has expired after {until}.")
        return record

    def cancel(self, statement: str) -> None:
        record = self.get(statement)
        if record["Status"] in ENDED:
            raise invalid(f"Could not cancel a query that is already in {record['Status']} state with ID: {statement}")
        self._end(record["Id"], "ABORTED", "Query cancelled on user's request")
        if work := self._works.get(record["Id"]):
            work.running.cancel()

    def close(self) -> None:
        for work in list(self._works.values()):
            work.running.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, statement: str) -> None:
        work = self._works[statement]
        before = work.login.schemas.snapshot()
        try:
            self._to(statement, "PICKED")
            work.login.check()
            self._to(statement, "STARTED")
            for place in range(len(self.records[statement]["Parts"])):
                work.running.check()
                self._run_part(statement, place, work)
            self._end(statement, "FINISHED")
        except InterruptedError:
            work.login.schemas.restore(before, work.touched)
        except Exception as error:
            work.login.schemas.restore(before, work.touched)  # a batch is one transaction
            known = isinstance(error, StatementError | QueryFailed | EngineGone)
            log.info("statement %s failed: %s", statement, why(error), exc_info=not known)
            self._end(statement, "FAILED", why(error))
        finally:
            self._works.pop(statement, None)

    def _run_part(self, statement: str, place: int, work: Work) -> None:
        record, began = self.records[statement], time.monotonic_ns()
        self._change_part(statement, place, Status="STARTED")
        try:
            answer = self._answer(_answer_id(record, place), record["Parts"][place]["QueryString"], work)
        except InterruptedError:
            self._change_part(statement, place, Status="ABORTED")
            raise
        except Exception as error:
            self._change_part(statement, place, Status="FAILED", Error=why(error))
            if not record["IsBatch"]:
                raise
            raise StatementError(f"Query #{place + 1} failed with {why(error)}", severity="") from error
        took = {"Duration": time.monotonic_ns() - began, "RedshiftQueryId": next(self._numbers)}
        self._change_part(statement, place, Status="FINISHED", **took, **answer)

    def _answer(self, statement: str, sql: str, work: Work) -> Params:
        """Do one statement; returns what DescribeStatement tells of its answer."""
        login = work.login
        if schema := obey(sql, login.schemas, login.user, work.parameters):
            work.touched.add(schema)
            return {"HasResultSet": False, "ResultRows": 0, "ResultSize": 0}
        translated = Translator(login.schemas, login.user).translate(sql, work.parameters)
        self.trino.start()
        self.trino.wait_ready(work.running)
        columns, rows = self.trino.execute(translated.sql, database="default", running=work.running)
        if translated.names:
            columns = [(name, kind) for name, (_, kind) in zip(translated.names, columns, strict=True)]
        count, size = self.results.write(statement, [(name.lower(), kind) for name, kind in columns], rows)
        return {"HasResultSet": True, "ResultRows": count, "ResultSize": size}

    def _change_part(self, statement: str, place: int, **told: object) -> None:
        parts = self.records[statement]["Parts"]
        parts[place] |= told | {"UpdatedAt": datetime.now(UTC)}
        self.records.update_fields(statement, Parts=parts)

    def _to(self, statement: str, state: str, **told: object) -> bool:
        """The next state; one that has ended never changes."""
        if self.records[statement]["Status"] in ENDED:
            return False
        self.records.update_fields(statement, Status=state, UpdatedAt=datetime.now(UTC), **told)
        return True

    def _end(self, statement: str, state: str, error: str | None = None) -> None:
        if not self._to(statement, state, **({"Error": error} if error else {})):
            return
        record = self.records[statement]
        unfinished = [
            {**part, "Status": "ABORTED"} if part["Status"] not in ENDED else part for part in record["Parts"]
        ]
        record = self.records.update_fields(statement, Parts=unfinished)
        if record.get("WithEvent"):
            announce(record)


def why(error: Exception) -> str:
    """The error as Redshift words it, or else as Trino does."""
    if isinstance(error, StatementError):
        return str(error)
    if isinstance(error, QueryFailed):
        if error.name == "DIVISION_BY_ZERO":
            return "ERROR: Divide by zero"
        if column := _COLUMN.search(error.message):
            return f'ERROR: column "{column[1]}" does not exist'
        return f"ERROR: {_PLACE.sub('', error.message)}"
    return f"ERROR: internal: {error}" if isinstance(error, EngineGone) else f"ERROR: internal: {type(error).__name__}"


def announce(record: Params) -> None:
    """The event on the default bus. AWS: "Monitoring events for the Amazon Redshift Data API in Amazon EventBridge"."""
    last = record["Parts"][-1]
    detail = {
        "principal": f"arn:aws:iam::{ACCOUNT}:root",
        "statementId": record["Id"],
        "statementName": record.get("StatementName", ""),
        "redshiftQueryId": last["RedshiftQueryId"],
        "state": record["Status"],
        "rows": last["ResultRows"],
        "expireAt": int((record["CreatedAt"] + KEPT).timestamp()),
    }
    resources = [record["WorkgroupArn"]]
    upstream.emit_event("aws.redshift-data", "Redshift Data Statement Status Change", detail, resources)


def _part(sql: str, state: str, now: datetime) -> Params:
    return {
        "QueryString": sql,
        "Status": state,
        "CreatedAt": now,
        "UpdatedAt": now,
        "Duration": -1,
        "HasResultSet": False,
        "ResultRows": -1,
        "ResultSize": -1,
        "RedshiftQueryId": 0,
    }


def _answer_id(record: Params, place: int) -> str:
    return f"{record['Id']}:{place + 1}" if record["IsBatch"] else str(record["Id"])


def _is_expired(record: Params) -> bool:
    return bool(datetime.now(UTC) - record["CreatedAt"] > KEPT)
