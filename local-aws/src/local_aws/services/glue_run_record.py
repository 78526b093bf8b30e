"""The document of one job run: Glue's JobRun, and under names with an underscore what only we need."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from local_aws.services.glue_jobs import capacity
from local_aws.services.glue_logs import destination
from local_aws.wire import Params

_PER_RUN = ("Timeout", "SecurityConfiguration", "NotificationProperty", "ExecutionClass")
_OF_CAPACITY = ("WorkerType", "NumberOfWorkers", "MaxCapacity", "AllocatedCapacity")


def new_run(job: Params, params: Params, state: str) -> Params:
    """What StartJobRun's parameters and the job's definition make together."""
    now = datetime.now(UTC)
    own = {key: params[key] for key in _PER_RUN if key in params}
    size = (
        {key: params[key] for key in _OF_CAPACITY if key in params}
        or {key: job[key] for key in ("WorkerType", "NumberOfWorkers") if key in job}
        or {"MaxCapacity": job["MaxCapacity"]}
    )
    arguments = job.get("DefaultArguments", {}) | params.get("Arguments", {}) | job.get("NonOverridableArguments", {})
    run = {
        "Id": f"jr_{uuid4().hex}{uuid4().hex}",
        "Attempt": 0,
        "JobName": job["Name"],
        "JobMode": job["JobMode"],
        "JobRunState": state,
        "StartedOn": now,
        "LastModifiedOn": now,
        "ExecutionTime": 0,
        "PredecessorRuns": [],
        "LogGroupName": destination(arguments, "")[0],
        "JobRunQueuingEnabled": params.get("JobRunQueuingEnabled", job.get("JobRunQueuingEnabled", False)),
        "_Arguments": arguments,
        "_JobId": f"j_{uuid4().hex}{uuid4().hex}",
        "_Script": job["Command"]["ScriptLocation"],
        "_MaxRetries": job.get("MaxRetries", 0),
    }
    inherited = {key: job[key] for key in (*_PER_RUN, "GlueVersion") if key in job}
    given = {"Arguments": params["Arguments"]} if params.get("Arguments") else {}
    return run | inherited | own | given | capacity(size)


def public(run: Params) -> Params:
    """The members that Glue answers."""
    return {key: value for key, value in run.items() if not key.startswith("_")}


def new_attempt(run: Params, attempt: int) -> Params:
    """The retry of a failed run: a run of its own, named after the first."""
    now = datetime.now(UTC)
    first = run["Id"].split("_attempt_")[0]
    return run | {
        "Id": f"{first}_attempt_{attempt}",
        "Attempt": attempt,
        "PreviousRunId": run["Id"],
        "JobRunState": "STARTING",
        "StartedOn": now,
        "LastModifiedOn": now,
        "ExecutionTime": 0,
    }
