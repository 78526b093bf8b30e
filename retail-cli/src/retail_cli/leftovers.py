"""What running jobs made and Terraform does not know: catalog tables, log streams, log groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3

LAYERS = ("bronze", "silver", "gold")
SHARED_GLUE_LOGS = "/aws-glue/jobs"  # the account's, not ours: only our own runs' streams go


def delete_tables(project: str) -> int:
    """Empty the project's catalog databases; a database that is gone counts as empty."""
    glue: Any = boto3.client("glue")
    deleted = 0
    for database in (f"{project}_{layer}" for layer in LAYERS):
        for table in list(_tables(glue, database)):
            glue.delete_table(DatabaseName=database, Name=table)
            deleted += 1
    return deleted


def job_runs(project: str) -> list[str]:
    """Ids of every run of the project's jobs; to be asked before the jobs go."""
    glue: Any = boto3.client("glue")
    jobs = [name for page in glue.get_paginator("get_jobs").paginate() for name in _names(page, project)]
    pages = (page for name in jobs for page in glue.get_paginator("get_job_runs").paginate(JobName=name))
    return [run["Id"] for page in pages for run in page["JobRuns"]]


def delete_logs(project: str, runs: list[str]) -> int:
    """Log groups that came back or that services made by themselves, and our runs' streams in Glue's shared groups."""
    logs: Any = boto3.client("logs")
    prefixes = (
        f"/aws-glue/{project}-",
        f"/aws/kinesisfirehose/{project}-",
        f"/aws/lambda/{project}-",
        f"/aws/rds/instance/{project}-",
        f"/aws/vendedlogs/states/{project}-",
        f"/aws/vpc/{project}",
    )
    groups = [group for prefix in prefixes for group in _groups(logs, prefix)]
    for group in groups:
        logs.delete_log_group(logGroupName=group)
    return len(groups) + sum(_delete_streams(logs, group, runs) for group in _groups(logs, SHARED_GLUE_LOGS))


def _tables(glue: Any, database: str) -> Iterator[str]:
    try:
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
            yield from (table["Name"] for table in page["TableList"])
    except glue.exceptions.EntityNotFoundException:
        return


def _names(page: dict[str, Any], project: str) -> list[str]:
    return [job["Name"] for job in page["Jobs"] if job["Name"].startswith(f"{project}-")]


def _groups(logs: Any, prefix: str) -> list[str]:
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def _delete_streams(logs: Any, group: str, runs: list[str]) -> int:
    ours = [stream for run in runs for stream in _streams(logs, group, run)]
    for stream in ours:
        logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    if ours and not _streams(logs, group):
        logs.delete_log_group(logGroupName=group)
    return len(ours)


def _streams(logs: Any, group: str, prefix: str = "") -> list[str]:
    wanted = {"logStreamNamePrefix": prefix} if prefix else {}
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, **wanted)
    return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
