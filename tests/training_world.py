"""A model trained by retail-retraining on what the source holds, live in the vector database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from alerts_inbox import alerts_inbox
from support import LocalAws

LAKE = "retail-lake-000000000000-us-east-1"
RUN = "retraining-whole"


@dataclass(frozen=True)
class Retrained:
    """What one execution of retail-retraining left behind."""

    table: dict[str, Any]
    model: dict[str, Any]
    alert: dict[str, str]


def retrain(aws: LocalAws) -> Retrained:
    with alerts_inbox(aws, "retraining-test") as inbox:
        execution = aws.run_state_machine("retail-retraining", RUN)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        alert = inbox.message_with(RUN)
    return Retrained(_report_of(aws, f"{RUN}-table"), _report_of(aws, RUN), alert)


def _report_of(aws: LocalAws, run_id: str) -> dict[str, Any]:
    body = aws.client("s3").get_object(Bucket=LAKE, Key=f"runs/{run_id}/report.json")["Body"].read()
    return dict(json.loads(body))
