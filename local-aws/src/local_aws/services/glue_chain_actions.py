"""One action of a chain of triggers: its job or crawler is started, followed, stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from local_aws.context import Context
from local_aws.services.glue_crawls import Crawls
from local_aws.services.glue_roles import check_job_role
from local_aws.services.glue_runs import JobRuns
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.glue")

_CRAWL_STATES = {"RUNNING": "RUNNING", "COMPLETED": "SUCCEEDED", "FAILED": "FAILED", "STOPPED": "CANCELLED"}
_OF_RUN = ("Timeout", "SecurityConfiguration", "NotificationProperty")


@dataclass(frozen=True)
class Actions:
    """Changes an action's document in place; whoever holds the chain writes it down."""

    ctx: Context
    job_runs: JobRuns
    crawls: Crawls

    def look_at(self, chain: Params, action: Params, *, stopping: bool) -> None:
        """Start what is planned, note how far the rest is."""
        if action["Settled"]:
            return
        if action["State"] == "PLANNED":
            if stopping:
                action |= {"State": "STOPPED", "Settled": True}
            else:
                self._start(chain, action)
            return
        try:
            self._follow(action, stopping=stopping)
        except (AwsError, KeyError) as error:
            action |= {"State": "ERROR", "Settled": True, "Error": f"{action['Name']} was lost: {error}"}

    def _start(self, chain: Params, action: Params) -> None:
        """What Glue refuses to start is an action in error; nothing that watches it fires."""
        try:
            if action["Kind"] == "CRAWLER":
                self.crawls.start(action["Name"], action["Id"])
            else:
                self._start_job(chain, action)
            action["State"] = "RUNNING"
        except AwsError as error:
            action |= {"State": "ERROR", "Settled": True, "Error": f"{error.code}: {error.message}"}

    def _start_job(self, chain: Params, action: Params) -> None:
        name, wanted = action["Name"], action["Wanted"]
        check_job_role(self.ctx.client("iam"), self.job_runs.jobs.get(name)["Role"])
        arguments = dict(wanted.get("Arguments") or {})
        if chain["Name"]:
            arguments |= {"--WORKFLOW_NAME": chain["Name"], "--WORKFLOW_RUN_ID": chain["WorkflowRunId"]}
        params = {key: wanted[key] for key in _OF_RUN if key in wanted} | {"JobName": name, "Arguments": arguments}
        origin = {key: action[key] for key in ("Id",)} | {
            "TriggerName": action["Trigger"],
            "PredecessorRuns": action["Predecessors"],
        }
        self.job_runs.start(params, origin)

    def _follow(self, action: Params, *, stopping: bool) -> None:
        if action["Kind"] == "CRAWLER":
            crawl = self.crawls.table[action["Id"]]
            state, settled = _CRAWL_STATES[crawl["State"]], crawl["State"] != "RUNNING"
        else:
            run, settled = self.job_runs.last_attempt(action["Id"])
            state = run["JobRunState"]
        if stopping and not settled and not action.get("Stopping"):
            self._stop(action)
        action |= {"State": state, "Settled": settled}

    def _stop(self, action: Params) -> None:
        """Asked once; one that has just ended by itself needs no stop."""
        action["Stopping"] = True
        try:
            if action["Kind"] == "CRAWLER":
                self.crawls.stop(action["Name"])
            else:
                self.job_runs.stop(action["Name"], self.job_runs.last_attempt(action["Id"])[0]["Id"])
        except AwsError as error:
            log.info("%s was not stopped: %s", action["Name"], error)
