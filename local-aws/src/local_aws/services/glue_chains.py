"""Triggers at work: chains of jobs and crawlers that start one another, inside workflows and outside.

A trigger outside a workflow watches the jobs that triggers outside have started, one inside those of its own run
(AWS Glue Developer Guide, "Overview of workflows": restrictions). One thread looks after all chains that are open;
what it finds and plans is in a table, so that the next gateway goes on where a killed one stopped.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from functools import cache

from local_aws.context import Context
from local_aws.services import glue_chain_record as record
from local_aws.services.glue_chain_actions import Actions
from local_aws.services.glue_crawls import crawls_of
from local_aws.services.glue_jobs import invalid
from local_aws.services.glue_runs import job_runs_of
from local_aws.services.glue_trigger_definitions import STARTS, TriggerDefinitions
from local_aws.services.glue_workflow_events import Mailbox
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.glue")

LOOK_SECONDS = 0.5


class Chains:
    """Chains by id in the table glue.chains; those of workflows stay as their history."""

    def __init__(self, ctx: Context) -> None:
        self.job_runs, self.crawls = job_runs_of(ctx), crawls_of(ctx)
        self._actions = Actions(ctx, self.job_runs, self.crawls)
        self.workflows = ctx.table("glue.workflows")
        self.triggers = TriggerDefinitions(ctx.table("glue.triggers"), self.workflows, self._known)
        self.table = ctx.table("glue.chains")
        self.mailbox = Mailbox(ctx.table("glue.workflow_events"))
        self._open: set[str] = set()
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    # --- what the services and the clock call

    def fire(self, name: str) -> None:
        """A start trigger's time has come: its workflow begins, or what it starts by itself."""
        trigger = self.triggers.get(name)
        if trigger.get("WorkflowName"):
            self.start_workflow(trigger["WorkflowName"], {}, by_trigger=True)
        else:
            chain = record.new_chain(None, [trigger], {})
            record.fire(chain, trigger)
            self._begin(chain)

    def start_workflow(
        self, name: str, properties: Params, *, by_trigger: bool = False, more: Params | None = None
    ) -> str:
        """A run that its trigger cannot start, for too many are under way, is kept as one that ended in error."""
        workflow, triggers = self.workflow(name), self.triggers.of_workflow(name)
        start = next((one for one in triggers if one["Type"] in STARTS), None)
        if start is None:
            raise invalid(f"Workflow {name} has no starting trigger.")
        chain = record.new_chain(name, triggers, workflow.get("DefaultRunProperties", {}) | properties) | (more or {})
        with self._lock:
            try:
                self._check_concurrency(workflow)
            except AwsError as error:
                if not by_trigger:
                    raise
                failed = {"Status": "ERROR", "ErrorMessage": error.message, "CompletedOn": datetime.now(UTC)}
                self.table[chain["WorkflowRunId"]] = chain | failed
                return str(chain["WorkflowRunId"])
            record.fire(chain, start)
            return self._begin(chain)

    def resume_run(self, name: str, run_id: str, nodes: set[tuple[str, str]]) -> str:
        with self._lock:
            chain = self.run(name, run_id)
            if chain["Status"] in record.OPEN:
                raise AwsError("IllegalWorkflowStateException", f"Workflow run {run_id} is in state {chain['Status']}.")
            if strange := nodes - {(action["Kind"], action["Name"]) for action in chain["Actions"]}:
                raise invalid(f"Nodes that did not run cannot be resumed: {', '.join(name for _, name in strange)}.")
            self._check_concurrency(self.workflow(name))
            return self._begin(record.resumed(chain, nodes))

    def stop_run(self, name: str, run_id: str) -> None:
        with self._lock:
            if self.run(name, run_id)["Status"] != "RUNNING":
                raise AwsError("IllegalWorkflowStateException", f"Workflow run {run_id} is not running.")
            self.table.update_fields(run_id, Status="STOPPING")

    def put_properties(self, name: str, run_id: str, properties: Params) -> None:
        with self._lock:
            merged = self.run(name, run_id)["WorkflowRunProperties"] | properties
            self.table.update_fields(run_id, WorkflowRunProperties=merged)

    def workflow(self, name: str) -> Params:
        try:
            return self.workflows[name]
        except KeyError:
            raise AwsError("EntityNotFoundException", f"Workflow with name {name} not found") from None

    def run(self, name: str, run_id: str) -> Params:
        self.workflow(name)
        chain = self.table.get(run_id)
        if chain is None or chain["Name"] != name:
            raise AwsError("EntityNotFoundException", f"Workflow run {run_id} of {name} not found")
        return chain

    def runs(self, name: str) -> list[Params]:
        """The newest first."""
        found = [chain for chain in self.table.values() if chain["Name"] == name]
        return sorted(found, key=lambda chain: chain["StartedOn"], reverse=True)

    def forget(self, workflow: str) -> None:
        """The workflow is deleted, with its triggers and its history."""
        with self._lock:
            for trigger in self.triggers.of_workflow(workflow):
                self.triggers.delete(trigger["Name"])
            for chain in self.runs(workflow):
                self._open.discard(chain["WorkflowRunId"])
                del self.table[chain["WorkflowRunId"]]

    # --- the thread

    def resume(self) -> None:
        """Take over every chain that has no end yet."""
        self._open |= {chain["WorkflowRunId"] for chain in self.table.values() if chain["Status"] in record.OPEN}
        self._thread = threading.Thread(target=self._look_after, name="glue-chains", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _look_after(self) -> None:
        """What a killed gateway had started is taken over first: else it might be taken over twice."""
        for others in (self.job_runs, self.crawls):
            others.resumed.wait()
        while not self._closing.wait(LOOK_SECONDS):
            self._take_events()
            for identifier in list(self._open):
                try:
                    self._advance(identifier)
                except Exception:
                    log.exception("the chain of triggers %s; it is looked at again", identifier)

    def _take_events(self) -> None:
        for workflow, properties, condition in self.mailbox.batches(self.triggers.listening()):
            try:
                self.start_workflow(workflow, properties, by_trigger=True, more=condition)
            except Exception:
                log.exception("an event did not start workflow %s", workflow)

    def _begin(self, chain: Params) -> str:
        identifier = str(chain["WorkflowRunId"])
        with self._lock:
            self.table[identifier] = chain
            self._open.add(identifier)
        return identifier

    def _advance(self, identifier: str) -> None:
        """One look: start what is planned, note what has ended, fire what watches it, end what has nothing left."""
        with self._lock:
            if identifier not in self._open:
                return
            chain, before = self.table[identifier], self.table[identifier]
            stopping = chain["Status"] == "STOPPING"
            for action in chain["Actions"]:
                self._actions.look_at(chain, action, stopping=stopping)
            trigger = None if stopping else record.next_to_fire(chain, self._watching(chain))
            if trigger is not None:
                record.fire(chain, trigger)
            if record.ended(chain):
                chain |= {"Status": "STOPPED" if stopping else "COMPLETED", "CompletedOn": datetime.now(UTC)}
                self._open.discard(identifier)
            if chain["Status"] == "COMPLETED" and chain["Name"] is None:
                del self.table[identifier]  # outside of workflows nobody can ask for it
            elif chain != before:
                self.table[identifier] = chain

    def _watching(self, chain: Params) -> list[Params]:
        return chain["Triggers"] if chain["Name"] else self.triggers.watching()

    # --- small things

    def _known(self, kind: str, name: str) -> bool:
        return name in (self.job_runs.jobs.names() if kind == "JOB" else self.crawls.crawlers.table)

    def _check_concurrency(self, workflow: Params) -> None:
        limit = workflow.get("MaxConcurrentRuns")
        running = sum(chain["Status"] in record.OPEN for chain in self.runs(workflow["Name"]))
        if limit and running >= limit:
            message = f"Concurrent runs exceeded for workflow: {workflow['Name']}."
            raise AwsError("ConcurrentRunsExceededException", message)


@cache
def chains_of(ctx: Context) -> Chains:
    """One for each context, so that triggers and workflows share it."""
    return Chains(ctx)
