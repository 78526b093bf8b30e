"""What carries data on, started by the calls that anybody may make: functions and Glue jobs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from batch_etl.errors import SimulationError

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_lambda import LambdaClient

_POLL_SECONDS = 1.0
_ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"})


@dataclass(frozen=True)
class Functions:
    """The platform's functions, called for their answers."""

    functions: LambdaClient
    project: str

    def call(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """Raises SimulationError with what the function said when it failed."""
        function = f"{self.project}-{name}"
        answer = self.functions.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise SimulationError(f"{function} failed: {said.get('errorMessage')} Its log: /aws/lambda/{function}")
        return said


@dataclass(frozen=True)
class Jobs:
    """The platform's Glue jobs; `patience` (seconds) is for each of them, from its start to its end."""

    glue: GlueClient
    project: str
    patience: float

    def run(self, name: str, tell: Callable[[str], None]) -> float:
        """Run a job to its end: its seconds. `tell` hears how it does. Raises SimulationError.

        A run of somebody else's, such as the hourly workflow's, is waited for: a job runs once at a time.
        """
        job, began = f"{self.project}-{name}", time.monotonic()
        until = began + self.patience
        run_id = self._start(job, until, tell)
        while (run := self.glue.get_job_run(JobName=job, RunId=run_id)["JobRun"])["JobRunState"] not in _ENDED:
            tell(f"{job} {run['JobRunState'].lower()}, {time.monotonic() - began:.0f} s")
            _wait(until, f"{job} (run {run_id}) has not ended", self.patience)
        if run["JobRunState"] != "SUCCEEDED":
            reason = run.get("ErrorMessage", "no reason given")
            raise SimulationError(f"{job} {run['JobRunState']}: {reason} Its log: /aws-glue/{job}/error, {run_id}")
        return time.monotonic() - began

    def argument(self, name: str, argument: str, default: str) -> str:
        """A default argument of a job, as it is deployed."""
        found = self.glue.get_job(JobName=f"{self.project}-{name}")["Job"]
        return found.get("DefaultArguments", {}).get(f"--{argument}", default)

    def _start(self, job: str, until: float, tell: Callable[[str], None]) -> str:
        while True:
            try:
                return self.glue.start_job_run(JobName=job)["JobRunId"]
            except ClientError as refusal:
                if refusal.response["Error"]["Code"] != "ConcurrentRunsExceededException":
                    raise
            tell(f"{job} waits for a run of somebody else's")
            _wait(until, f"{job} is kept busy by runs of others", self.patience)


def _wait(until: float, what: str, patience: float) -> None:
    if time.monotonic() > until:
        raise SimulationError(f"{what} after {patience:.0f} s. See its runs; give --patience more seconds.")
    time.sleep(_POLL_SECONDS)
