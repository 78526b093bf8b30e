"""Event source mappings of Kinesis as the Lambda API describes them, and what it refuses. Pure.

Source: API_CreateEventSourceMapping.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local_aws.services.lambda_mapping_filters import patterns
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsError, Params

DEFAULTS: Params = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
}
_LIMITS = {
    "BatchSize": (1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 300),
    "ParallelizationFactor": (1, 10),
    "MaximumRecordAgeInSeconds": (-1, 604_800),
    "MaximumRetryAttempts": (-1, 10_000),
}
_FIELDS = (*DEFAULTS, "FilterCriteria", "KMSKeyArn", "MetricsConfig")
PRIVATE = frozenset({"Consumer", "From", "Tags", "Wanted", "Revision"})  # ours, not Lambda's


def is_kinesis(arn: str | None) -> bool:
    return ":kinesis:" in (arn or "")


def mapping_arn(uuid: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def check(params: Params) -> None:
    """Refuse what Lambda refuses, and what local AWS does not run."""
    for name, (low, high) in _LIMITS.items():
        value = params.get(name)
        if value is not None and not low <= value <= high:
            side = f"greater than or equal to {low}" if value < low else f"less than or equal to {high}"
            message = f"Value '{value}' at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: Member must have"
            raise AwsError("ValidationException", f"1 validation error detected: {message} value {side}")
    if 0 <= params.get("MaximumRecordAgeInSeconds", -1) < 60:
        raise invalid("MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.")
    if params.get("TumblingWindowInSeconds"):
        raise invalid("Local AWS runs no tumbling windows: leave TumblingWindowInSeconds out.")
    try:
        patterns(params.get("FilterCriteria"))
    except ValueError as error:
        raise invalid(f"Invalid filter pattern definition: {error}") from None


def check_start(params: Params) -> None:
    position = params.get("StartingPosition")
    if position not in ("LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"):
        raise invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
                      "Member must not be null.")  # fmt: skip
    if (position == "AT_TIMESTAMP") != (params.get("StartingPositionTimestamp") is not None):
        raise invalid("StartingPositionTimestamp must be given with the starting position AT_TIMESTAMP, and only then.")


def new_mapping(params: Params, *, uuid: str, function_arn: str, start: int, now: datetime) -> Params:
    """`start`: the place in the stream's log that the first record comes after."""
    given = {name: params[name] for name in _FIELDS if params.get(name) is not None}
    starting = {name: params[name] for name in ("StartingPosition", "StartingPositionTimestamp") if params.get(name)}
    return DEFAULTS | given | starting | {
        "UUID": uuid,
        "EventSourceArn": params["EventSourceArn"],
        "EventSourceMappingArn": mapping_arn(uuid),
        "FunctionArn": function_arn,
        "LastModified": now,
        "LastProcessingResult": "No records processed",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "Consumer": "/consumer/" in params["EventSourceArn"],
        "From": start,
        "Tags": params.get("Tags") or {},
        "Wanted": "Disabled" if params.get("Enabled") is False else "Enabled",
        "Revision": 0,
    }  # fmt: skip


def changed(mapping: Params, params: Params, *, function_arn: str, now: datetime) -> Params:
    """UpdateEventSourceMapping: what is not given stays."""
    given = {name: params[name] for name in _FIELDS if params.get(name) is not None}
    if params.get("FilterCriteria") == {}:
        given["FilterCriteria"] = {}
    enabled = params.get("Enabled")
    wanted = mapping["Wanted"] if enabled is None else ("Enabled" if enabled else "Disabled")
    passing = "Updating"
    if wanted != mapping["Wanted"]:
        passing = "Enabling" if wanted == "Enabled" else "Disabling"
    return mapping | given | {
        "FunctionArn": function_arn,
        "LastModified": now,
        "State": passing,
        "Wanted": wanted,
        "Revision": mapping["Revision"] + 1,
    }  # fmt: skip


def public(mapping: Params) -> Params:
    shown: dict[str, Any] = {name: value for name, value in mapping.items() if name not in PRIVATE}
    if not shown.get("FilterCriteria"):
        shown.pop("FilterCriteria", None)
    return shown


def matches(mapping: Params, params: Params) -> bool:
    """ListEventSourceMappings' filters."""
    source, function = params.get("EventSourceArn"), params.get("FunctionName")
    names = {mapping["FunctionArn"], mapping["FunctionArn"].split(":function:")[1]}
    names |= {name.split(":")[0] for name in names if not name.startswith("arn:")}
    short = (function or "").removeprefix(f"{ACCOUNT}:").removeprefix("function:")
    return (not source or source == mapping["EventSourceArn"]) and (not function or bool({function, short} & names))
