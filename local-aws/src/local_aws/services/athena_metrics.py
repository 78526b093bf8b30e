"""What a finished query tells CloudWatch and EventBridge.

AWS: "Monitor Athena query metrics with CloudWatch" and "Monitor Athena query events with EventBridge".
"""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws import upstream
from local_aws.wire import Params

log = logging.getLogger("local_aws.athena")

_TIMES = {
    "EngineExecutionTimeInMillis": "EngineExecutionTime",
    "TotalExecutionTimeInMillis": "TotalExecutionTime",
    "QueryQueueTimeInMillis": "QueryQueueTime",
    "QueryPlanningTimeInMillis": "QueryPlanningTime",
    "ServiceProcessingTimeInMillis": "ServiceProcessingTime",
}


def publish(cloudwatch: Any, execution: Params) -> None:
    """The metrics of one query; a failure to publish never fails the query."""
    dimensions = [
        {"Name": "QueryState", "Value": execution["Status"]["State"]},
        {"Name": "QueryType", "Value": execution["StatementType"]},
        {"Name": "WorkGroup", "Value": execution["WorkGroup"]},
    ]
    statistics = execution["Statistics"]
    metrics = [
        {"MetricName": metric, "Value": statistics.get(name, 0), "Unit": "Milliseconds", "Dimensions": dimensions}
        for name, metric in _TIMES.items()
    ]
    scanned = statistics.get("DataScannedInBytes", 0)
    metrics.append({"MetricName": "ProcessedBytes", "Value": scanned, "Unit": "Bytes", "Dimensions": dimensions})
    try:
        cloudwatch.put_metric_data(Namespace="AWS/Athena", MetricData=metrics)
    except (BotoCoreError, ClientError):
        log.warning("metrics of query %s were not published", execution["QueryExecutionId"], exc_info=True)


def announce(execution: Params, before: str | None) -> None:
    """The state-change event on the default bus."""
    detail = {
        "versionId": "0",
        "currentState": execution["Status"]["State"],
        "statementType": execution["StatementType"],
        "queryExecutionId": execution["QueryExecutionId"],
        "workgroupName": execution["WorkGroup"],
        "sequenceNumber": {None: "1", "QUEUED": "2"}.get(before, "3"),
    } | ({"previousState": before} if before else {})
    upstream.emit_event("aws.athena", "Athena Query State Change", detail, [])
