"""Glue job runs: admitted, launched, followed and concluded, each by a thread of its own.

All that counts is in a table and on disk, so that a new gateway takes over the runs of one that was killed.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from local_aws.context import Context
from local_aws.engines.glue_runner import Launch
from local_aws.engines.spark import SparkInstallation
from local_aws.services.glue_events import job_run_ended
from local_aws.services.glue_jobs import JobDefinitions, invalid
from local_aws.services.glue_logs import LogFile, destination
from local_aws.services.glue_outcome import Outcome, outcome_of
from local_aws.services.glue_process import RunProcess
from local_aws.services.glue_queue import Queue
from local_aws.services.glue_run_record import new_attempt, new_run, public
from local_aws.services.glue_workspace import LaunchError, RunRequest, Workspace
from local_aws.wire import AwsError, Params

LOG = logging.getLogger(__name__)
FINAL = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
POLL_SECONDS = 0.4
SHIP_SECONDS = 2.0
KEPT_FOLDERS = 50

Notify = Callable[[Params], None]


class JobRuns:
    """`notify` is called with the finished JobRun (for EventBridge)."""

    def __init__(self, ctx: Context, jobs: JobDefinitions, notify: Notify) -> None:
        self._ctx, self.jobs, self._notify = ctx, jobs, notify
        self._table = ctx.table("glue.job_runs")
        self._queue = Queue()
        self._stops: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._closing = False
        self.resumed = threading.Event()  # nothing may be started before
        self._starting = threading.Lock()
        self._states = threading.Lock()

    # --- the API's side

    def start(self, params: Params, origin: Params | None = None) -> str:
        """StartJobRun: refuse what Glue refuses at once, else queue the run and return its id.

        `origin` is what a trigger adds to the run, with an Id chosen before: a run that has it was started already.
        """
        if origin and origin["Id"] in self._table:
            return str(origin["Id"])
        job = self.jobs.get(params["JobName"])
        previous = params.get("JobRunId")
        if previous is not None:
            params = {"Arguments": self.get(job["Name"], previous).get("Arguments", {})} | params
        with self._starting:
            limit = job["ExecutionProperty"].get("MaxConcurrentRuns", 1)
            queueing = params.get("JobRunQueuingEnabled", job.get("JobRunQueuingEnabled", False))
            full = self._queue.count(job["Name"]) >= limit
            if full and not queueing:
                raise AwsError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job['Name']}")
            more = ({"PreviousRunId": previous} if previous else {}) | (origin or {})
            run = new_run(job, params, "WAITING" if full else "STARTING") | more
            self._begin(run, limit)
        return str(run["Id"])

    def get(self, job_name: str, run_id: str) -> Params:
        run = self._table.get(run_id)
        if run is None or run["JobName"] != job_name:
            raise AwsError("EntityNotFoundException", f"Job run {run_id} not found for job {job_name}.")
        return public(run)

    def of_job(self, job_name: str) -> list[Params]:
        """The newest first, as Glue lists them."""
        self.jobs.get(job_name)
        runs = [public(run) for run in self._table.values() if run["JobName"] == job_name]
        return sorted(runs, key=lambda run: run["StartedOn"], reverse=True)

    def last_attempt(self, run_id: str) -> tuple[Params, bool]:
        """A run, or the latest retry of it, and whether that has ended for good."""
        run = self._table[run_id]
        while (following := self._table.get(f"{run_id}_attempt_{run['Attempt'] + 1}")) is not None:
            run = following
        return public(run), run["JobRunState"] in FINAL and run["Id"] not in self._stops

    def stop(self, job_name: str, run_id: str) -> None:
        self.get(job_name, run_id)
        stop = self._stops.get(run_id)
        if stop is None or not self._move(run_id, "STOPPING"):
            state = self._table[run_id]["JobRunState"]
            raise invalid(f"Job run {run_id} is in state {state} and cannot be stopped.")
        stop.set()

    def forget(self, job_name: str) -> None:
        """The job is deleted: its finished runs go with it."""
        for run_id, run in list(self._table.items()):
            if run["JobName"] == job_name and run["JobRunState"] in FINAL:
                del self._table[run_id]
                shutil.rmtree(self._workspace(run_id).folder, ignore_errors=True)

    # --- across restarts

    def resume(self) -> None:
        """After a start: take over every run that has no end yet, and complete the logs of the last ones."""
        runs = sorted(self._table.values(), key=lambda run: run["StartedOn"])
        for run in runs:
            if run["JobRunState"] not in FINAL:
                self._attend(run, run.get("_Limit", 1))
                if run["JobRunState"] == "STOPPING":
                    self._stops[run["Id"]].set()
        self.resumed.set()
        ended = [run for run in runs if run["JobRunState"] in FINAL and run["JobName"] in self.jobs.names()]
        for run in ended[-5:]:
            with contextlib.suppress(Exception):
                self._ship(self._log_files(run), final=True)

    def close(self) -> None:
        """A clean stop ends what runs: nothing of local AWS stays behind."""
        self._closing = True
        for stop in self._stops.values():
            stop.set()
        for thread in list(self._threads):
            thread.join(timeout=20)

    # --- a run's life

    def _begin(self, run: Params, limit: int) -> None:
        self._table[run["Id"]] = run | {"_Limit": limit}
        self._attend(run, limit)

    def _attend(self, run: Params, limit: int) -> None:
        self._stops[run["Id"]] = threading.Event()
        self._queue.enter(
            run["Id"], run["JobName"], limit, running=RunProcess.adopt(self._workspace(run["Id"]).folder) is not None
        )
        thread = threading.Thread(target=self._live, args=(run["Id"],), name=f"glue-{run['Id'][:11]}", daemon=True)
        self._threads = [old for old in self._threads if old.is_alive()] + [thread]
        thread.start()

    def _live(self, run_id: str) -> None:
        files: list[LogFile] = []
        try:
            files = self._log_files(self._table[run_id])
            outcome = self._outcome(run_id, files)
        except LaunchError as error:
            outcome = Outcome("FAILED", str(error))
        except Exception as error:
            LOG.exception("Glue run %s", run_id)
            outcome = Outcome("FAILED", f"Internal service error: {error}")
        finally:
            self._queue.leave(run_id)
        self._conclude(run_id, outcome, files)

    def _outcome(self, run_id: str, files: list[LogFile]) -> Outcome:
        folder = self._workspace(run_id).folder
        process = RunProcess.adopt(folder)
        if process is None:
            if not self._wait_for_turn(run_id):
                return Outcome("STOPPED", "Job run stopped before it started.")
            process = RunProcess.launch(folder, self._prepare(run_id))
        self._move(run_id, "RUNNING")
        self._follow(process, files, self._stops[run_id])
        return outcome_of(folder)

    def _wait_for_turn(self, run_id: str) -> bool:
        """False when the run was stopped first."""
        while not self._queue.admit(run_id):
            if self._stops[run_id].wait(POLL_SECONDS):
                return False
            if self._table[run_id]["JobRunState"] == "WAITING" and self._queue.within_job_limit(run_id):
                self._move(run_id, "STARTING")
        return not self._stops[run_id].is_set()

    def _prepare(self, run_id: str) -> Launch:
        run = self._table[run_id]
        self._move(run_id, "STARTING")
        request = RunRequest(run["JobName"], run["_JobId"], run_id, run["_Script"], run["_Arguments"], run["Timeout"])
        installation = SparkInstallation.ensure(self._ctx.settings)
        return self._workspace(run_id).prepare(request, installation, self._ctx.settings.client_environment())

    def _follow(self, process: RunProcess, files: list[LogFile], stop: threading.Event) -> None:
        next_shipping = 0.0
        asked = False
        while process.running():
            if stop.is_set() and not asked:
                asked = process.ask_to_stop()
            if time.monotonic() > next_shipping:
                self._ship(files)
                next_shipping = time.monotonic() + SHIP_SECONDS
            time.sleep(POLL_SECONDS)
        process.close()

    def _conclude(self, run_id: str, outcome: Outcome, files: list[LogFile]) -> None:
        """The logs first: whoever sees the final state finds them complete."""
        for _attempt in range(5):
            if self._ship(files, final=True):
                break
            time.sleep(SHIP_SECONDS)
        run = self._table[run_id]
        ended = datetime.fromtimestamp(outcome.finished, UTC) if outcome.finished else datetime.now(UTC)
        seconds = round(outcome.seconds)
        fields: Params = {"CompletedOn": ended, "ExecutionTime": seconds}
        if outcome.message and outcome.state != "SUCCEEDED":
            fields["ErrorMessage"] = outcome.message
        if run.get("ExecutionClass") == "FLEX" or run["_Arguments"].get("--enable-auto-scaling") == "true":
            fields["DPUSeconds"] = seconds * run["MaxCapacity"]
        self._move(run_id, outcome.state, **fields)
        self._workspace(run_id).clear()
        self._prune()
        if outcome.state == "FAILED" and not self._closing:
            self._retry(run)
        try:
            self._notify(public(self._table[run_id]))
        except Exception:
            LOG.exception("The state change of %s could not be announced", run_id)
        self._stops.pop(run_id, None)

    def _retry(self, run: Params) -> None:
        attempt = run["Attempt"] + 1
        if attempt > run["_MaxRetries"]:
            return
        self._begin(new_attempt(run, attempt), run.get("_Limit", 1))

    # --- small things

    def _workspace(self, run_id: str) -> Workspace:
        return Workspace(self._ctx.settings.state / "glue" / "runs" / run_id, self._ctx.client("s3"))

    def _move(self, run_id: str, state: str, **fields: Any) -> bool:
        """Go to a state, unless the run has ended, or is being stopped and the state is not its end."""
        with self._states:
            now = self._table[run_id]["JobRunState"]
            if now in FINAL or (now == "STOPPING" and state not in FINAL | {"STOPPING"}):
                return False
            self._table.update_fields(run_id, JobRunState=state, LastModifiedOn=datetime.now(UTC), **fields)
            return True

    def _log_files(self, run: Params) -> list[LogFile]:
        prefix, stream = destination(run["_Arguments"], run["Id"])
        workspace = self._workspace(run["Id"])
        logs = self._ctx.client("logs")
        return [
            LogFile(logs, workspace.output_log, f"{prefix}/output", stream),
            LogFile(logs, workspace.error_log, f"{prefix}/error", stream),
        ]

    def _ship(self, files: list[LogFile], *, final: bool = False) -> bool:
        """Whether all arrived; what did not is sent again next time."""
        arrived = True
        for file in files:
            try:
                file.ship(final=final)
            except Exception as error:
                arrived = False
                LOG.warning("Logs of %s wait: %s", file.stream, error)
        return arrived

    def _prune(self) -> None:
        """Keep the folders of the last runs only."""
        ended = [run for run in self._table.values() if run["JobRunState"] in FINAL]
        for run in sorted(ended, key=lambda run: run["StartedOn"])[:-KEPT_FOLDERS]:
            shutil.rmtree(self._workspace(run["Id"]).folder, ignore_errors=True)


@cache
def job_runs_of(ctx: Context) -> JobRuns:
    """One for each context, so that jobs and triggers share its queue."""
    return JobRuns(ctx, JobDefinitions(ctx.table("glue.jobs")), job_run_ended)
