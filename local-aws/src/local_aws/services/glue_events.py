"""The events that Glue puts on the default bus: ends of job runs, states of crawlers."""

from __future__ import annotations

from datetime import UTC, datetime

from local_aws import upstream
from local_aws.services.glue_crawler_catalog import Changes
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import Params


def job_run_ended(run: Params) -> None:
    """A run has come to its final state."""
    state = run["JobRunState"]
    detail = {
        "jobName": run["JobName"],
        "severity": {"SUCCEEDED": "INFO", "STOPPED": "INFO", "TIMEOUT": "WARN"}.get(state, "ERROR"),
        "state": state,
        "jobRunId": run["Id"],
        "message": run.get("ErrorMessage") or "Job run succeeded",
    }
    upstream.emit_event("aws.glue", "Glue Job State Change", detail, [])


def crawler_started(name: str, started: datetime) -> None:
    moment = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    _crawler(name, "Started", {"startTime": moment, "message": "Crawler Started"})


def crawler_succeeded(name: str, changes: Changes, seconds: float) -> None:
    """Its counts are texts, as on AWS."""
    verbs = {"Created": "ADD", "Updated": "UPDATE", "Deleted": "DELETE"}
    counts = {
        f"{kind.lower()}s{said}": str(changes.count(kind, change))
        for kind in ("TABLE", "PARTITION")
        for said, change in verbs.items()
    }
    ended = {
        "completionDate": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "runningTime (sec)": str(round(seconds)),
        "warningMessage": "N/A",
        "message": "Crawler Succeeded",
    }
    _crawler(name, "Succeeded", counts | ended)


def crawler_failed(name: str, message: str) -> None:
    _crawler(name, "Failed", {"errorMessage": message, "message": message})


def _crawler(name: str, state: str, more: Params) -> None:
    link = (
        f"https://console.aws.amazon.com/cloudwatch/home?region={REGION}#logEventViewer:"
        f"group=/aws-glue/crawlers;stream={name}"
    )
    detail = {"accountId": ACCOUNT, "crawlerName": name, "state": state, "cloudWatchLogLink": link} | more
    upstream.emit_event("aws.glue", "Glue Crawler State Change", detail, [])
