"""Glue job definitions, kept as they were given: what CreateJob said is what GetJob answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from local_aws.settings import ACCOUNT, REGION
from local_aws.store import Table
from local_aws.wire import AwsError, Params

SPARK_VERSIONS = ("5.0", "5.1")
DPU_PER_WORKER = {"G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0, "G.12X": 12.0, "G.16X": 16.0}


def invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)


def job_arn(name: str) -> str:
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:job/{name}"


def page(items: Sequence[Any], params: Params, default: int = 1000) -> tuple[list[Any], dict[str, str]]:
    """One page of a list API: the items, and NextToken when there are more."""
    start = int(params.get("NextToken") or 0)
    end = start + int(params.get("MaxResults") or default)
    return list(items[start:end]), ({"NextToken": str(end)} if end < len(items) else {})


class JobDefinitions:
    """The jobs table; documents have the members of Glue's Job structure."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, params: Params) -> None:
        name, given = params["Name"], {key: value for key, value in params.items() if key != "Tags"}
        wanted = _completed(given)
        if name in self._table:
            if _without_times(self._table[name]) == wanted:
                return
            raise AwsError(
                "IdempotentParameterMismatchException",
                f"Job with name: {name} already submitted with different configuration.",
            )
        now = datetime.now(UTC)
        self._table[name] = wanted | {"CreatedOn": now, "LastModifiedOn": now}

    def update(self, name: str, changes: Params) -> None:
        """UpdateJob overwrites the whole definition, as on AWS: what is left out is gone."""
        created = self.get(name)["CreatedOn"]
        self._table[name] = _completed({"Name": name} | changes) | {
            "CreatedOn": created,
            "LastModifiedOn": datetime.now(UTC),
        }

    def get(self, name: str) -> Params:
        try:
            return self._table[name]
        except KeyError:
            raise AwsError("EntityNotFoundException", f"Job {name} not found.") from None

    def find(self, names: Sequence[str]) -> list[Params]:
        return [self._table[name] for name in names if name in self._table]

    def names(self) -> list[str]:
        return sorted(self._table)

    def delete(self, name: str) -> None:
        """Idempotent: Glue raises nothing for a job that is not there."""
        self._table.pop(name, None)


def capacity(document: Params) -> Params:
    """WorkerType and NumberOfWorkers, or MaxCapacity, made whole: Glue answers the DPU of either."""
    worker, workers = document.get("WorkerType"), document.get("NumberOfWorkers")
    maximum = document.get("MaxCapacity") or document.get("AllocatedCapacity")
    if (worker or workers) and document.get("MaxCapacity"):
        raise invalid("Please do not set Max Capacity if using Worker Type and Number of Workers.")
    if not worker and not workers:
        return {"MaxCapacity": float(maximum or 10.0), "AllocatedCapacity": int(maximum or 10)}
    if worker not in DPU_PER_WORKER:
        raise invalid(f"Worker type {worker} is not supported.")
    if not workers or workers < 2:
        raise invalid("Number of workers must be at least 2.")
    dpu = DPU_PER_WORKER[worker] * workers
    return {"WorkerType": worker, "NumberOfWorkers": workers, "MaxCapacity": dpu, "AllocatedCapacity": int(dpu)}


def _completed(given: Params) -> Params:
    command = {"PythonVersion": "3"} | given.get("Command", {})
    if command.get("Name") != "glueetl":
        raise invalid(f"Command {command.get('Name')} is not emulated locally: Spark jobs (glueetl) only.")
    if not str(command.get("ScriptLocation", "")).startswith("s3://"):
        raise invalid("Command.ScriptLocation must be an S3 path (s3://bucket/key).")
    version = given.get("GlueVersion", SPARK_VERSIONS[-1])
    if version not in SPARK_VERSIONS:
        raise invalid(
            f"Glue version {version} is not emulated locally: it has Spark 3.5 ({', '.join(SPARK_VERSIONS)})."
        )
    if not given.get("Role"):
        raise invalid("Role is required.")
    defaults = {
        "JobMode": "SCRIPT",
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": 480,
        "GlueVersion": version,
    }
    return defaults | given | {"Command": command} | capacity(given)


def _without_times(job: Params) -> Params:
    return {key: value for key, value in job.items() if key not in ("CreatedOn", "LastModifiedOn")}
