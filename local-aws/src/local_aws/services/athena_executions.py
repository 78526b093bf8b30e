"""Query executions: queued, run in threads, cancelled, and remembered across restarts."""

from __future__ import annotations

import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local_aws.context import Context
from local_aws.services.athena_catalog import Catalog, CatalogError
from local_aws.services.athena_engine import RunningQuery, ScanLimitExceeded, TrinoClient, reason_of
from local_aws.services.athena_metrics import announce, publish
from local_aws.services.athena_plan import Plan
from local_aws.services.athena_prepared import PreparedStatements
from local_aws.services.athena_results import Results
from local_aws.services.athena_submission import Submission
from local_aws.services.athena_work import Worker
from local_aws.services.athena_workgroups import Workgroups
from local_aws.store import Table
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.athena")

AT_ONCE = 8
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
INTERRUPTED = "GENERIC_INTERNAL_ERROR: The query was interrupted by a restart of the service; run it again."


@dataclass
class Clock:
    """When a query was accepted and when it began to run (monotonic seconds)."""

    queued: float = field(default_factory=time.monotonic)
    began: float | None = None

    def statistics(self, running: RunningQuery) -> Params:
        """QueryExecutionStatistics from Trino's own figures."""
        now = time.monotonic()
        began = self.began or now
        return {
            "EngineExecutionTimeInMillis": round((now - began) * 1000),
            "DataScannedInBytes": running.scanned_bytes,
            "TotalExecutionTimeInMillis": round((now - self.queued) * 1000),
            "QueryQueueTimeInMillis": round((began - self.queued) * 1000),
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": int(running.stats.get("planningTimeMillis", 0)),
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }


@dataclass
class Executions:
    """`start` returns at once. `runtime` holds what GetQueryRuntimeStatistics needs, `records` the rest."""

    ctx: Context
    _running: dict[str, RunningQuery] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records: Table = self.ctx.table("athena.executions")
        self.workgroups = Workgroups.of(self.ctx)
        self.runtime: Table = self.ctx.table("athena.runtime")
        self.trino = TrinoClient(self.ctx)
        self.results = Results(self.ctx.settings.state / "athena", self.ctx.client("s3"))
        catalog = Catalog(self.ctx.client("glue"), self.results.list_files, self.results.read)
        self.prepared = PreparedStatements(self.ctx.table("athena.prepared"))
        self.worker = Worker(self.trino, catalog, self.results, self.prepared)
        self._pool = ThreadPoolExecutor(AT_ONCE, "athena")

    def resume(self) -> None:
        """What ran when the gateway ended has no one to hand its rows to: it failed."""
        for query_id in self.records:
            if self.records[query_id]["Status"]["State"] not in ENDED:
                self._end(query_id, "FAILED", INTERRUPTED, error=error_of(INTERRUPTED, user=False))
        self._pool.submit(self.trino.resume)  # the gateway does not wait for Trino

    def start(self, submission: Submission) -> str:
        query_id = str(uuid.uuid4())
        self.records[query_id] = submission.record(query_id) | {
            "Status": {"State": "QUEUED", "SubmissionDateTime": datetime.now(UTC)},
            "Statistics": {"EngineExecutionTimeInMillis": 0, "DataScannedInBytes": 0},
        }
        announce(self.records[query_id], None)
        self._running[query_id] = RunningQuery(submission.byte_limit)
        self._pool.submit(self._run, query_id, submission)
        return query_id

    def get(self, query_id: str) -> Params:
        if query_id not in self.records:
            raise AwsError("InvalidRequestException", f"QueryExecution {query_id} was not found")
        record = self.records[query_id]
        running = self._running.get(query_id)
        if running and record["Status"]["State"] == "RUNNING":
            elapsed = int((datetime.now(UTC) - record["Status"]["SubmissionDateTime"]).total_seconds() * 1000)
            record["Statistics"] |= {
                "DataScannedInBytes": running.scanned_bytes,
                "TotalExecutionTimeInMillis": elapsed,
            }
        return record

    def stop(self, query_id: str) -> None:
        """Cancel; a query that has ended stays as it is."""
        if self.get(query_id)["Status"]["State"] not in ENDED:
            self._end(query_id, "CANCELLED", "Query cancelled by user")
            if running := self._running.get(query_id):
                running.cancel()

    def close(self) -> None:
        for running in list(self._running.values()):
            running.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, query_id: str, submission: Submission) -> None:
        running, clock = self._running[query_id], Clock()
        clock.queued -= (datetime.now(UTC) - self.records[query_id]["Status"]["SubmissionDateTime"]).total_seconds()
        try:
            wanted = self.worker.prepare(query_id, submission)
            if isinstance(wanted, Plan):
                self.trino.wait_ready(running)
            clock.began = time.monotonic()
            running.check()
            self._to(query_id, "RUNNING")
            added = self.worker.run(query_id, submission, wanted, running)
            self._succeed(query_id, running, clock, added)
        except InterruptedError:
            self.records.update_fields(query_id, Statistics=clock.statistics(running))
        except ScanLimitExceeded as error:
            self._end(query_id, "CANCELLED", str(error), statistics=clock.statistics(running))
        except Exception as error:
            reason, user = why(error)
            log.info("query %s failed: %s", query_id, reason, exc_info=not user)
            self._end(
                query_id, "FAILED", reason, error=error_of(reason, user=user), statistics=clock.statistics(running)
            )
        finally:
            self._running.pop(query_id, None)

    def _succeed(self, query_id: str, running: RunningQuery, clock: Clock, added: Params) -> None:
        self.runtime[query_id] = {"stats": running.stats, "outputRows": added.get("OutputRows")}
        if "UpdateCount" in added:
            self.runtime.update_fields(query_id, updateCount=added["UpdateCount"])
        manifest = added.get("DataManifestLocation")
        statistics = clock.statistics(running) | ({"DataManifestLocation": manifest} if manifest else {})
        self._end(query_id, "SUCCEEDED", statistics=statistics)

    def _end(
        self,
        query_id: str,
        state: str,
        reason: str = "",
        *,
        error: Params | None = None,
        statistics: Params | None = None,
    ) -> None:
        if statistics:
            self.records.update_fields(query_id, Statistics=statistics)
        told: Params = {"CompletionDateTime": datetime.now(UTC)}
        told |= {"StateChangeReason": reason} if reason else {}
        self._to(query_id, state, **told, **({"AthenaError": error} if error else {}))

    def _to(self, query_id: str, state: str, **told: object) -> None:
        """The next state; one that has ended never changes."""
        status = self.records[query_id]["Status"]
        before = status["State"]
        if before not in ENDED:
            self.records.update_fields(query_id, Status=status | {"State": state} | told)
            announce(self.records[query_id], before)
            if state in ENDED and self._publishes(self.records[query_id]["WorkGroup"]):
                publish(self.ctx.client("cloudwatch"), self.records[query_id])

    def _publishes(self, workgroup: str) -> bool:
        known = self.workgroups.records.get(workgroup, {})
        return bool(known.get("Configuration", {}).get("PublishCloudWatchMetricsEnabled"))


def why(error: Exception) -> tuple[str, bool]:
    """(reason, whether the user is at fault)"""
    if isinstance(error, CatalogError):
        return str(error), True
    if isinstance(error, AwsError):
        return error.message, True
    return reason_of(error)


def error_of(reason: str, *, user: bool) -> Params:
    """AthenaError: category 1 is the system's fault, 2 the user's."""
    return {"ErrorCategory": 2 if user else 1, "ErrorType": 1000, "Retryable": not user, "ErrorMessage": reason}
