"""CloudWatch Logs: metric filters that emit.

The filters stay with the emulator, which hands every batch of events over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, ClassVar

from local_aws.services.base import Service, action
from local_aws.services.logs_expressions import PatternError
from local_aws.services.logs_patterns import Match, Pattern, compiled
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.logs")

MAX_DIMENSIONS = 3
Record = Callable[[str, str, float, str, dict[str, str]], None]  # namespace, name, value, unit, dimensions


@lru_cache(512)
def pattern_of(text: str) -> Pattern:
    return compiled(text)


def emit(filters: Iterable[Params], messages: list[str], record: Record) -> None:
    """Data points of every filter of a log group for a batch of its events."""
    for one in filters:
        try:
            matches = [match for message in messages if (match := pattern_of(one.get("filterPattern") or "")(message))]
            for transformation in one["metricTransformations"]:
                _emit_metric(transformation, matches, record)
        except PatternError as error:
            log.warning("the metric filter %s is not understood: %s", one.get("filterName"), error)


def _emit_metric(transformation: Params, matches: list[Match], record: Record) -> None:
    """A value for each match; the default value, where there is one, for events without any."""
    namespace, name = transformation["metricNamespace"], transformation["metricName"]
    unit = transformation.get("unit") or "None"
    if not matches and transformation.get("defaultValue") is not None:
        record(namespace, name, float(transformation["defaultValue"]), unit, {})
    for match in matches:
        value = _number(transformation["metricValue"], match)
        dimensions = {key: match.value(path) for key, path in (transformation.get("dimensions") or {}).items()}
        if value is not None and all(found is not None for found in dimensions.values()):
            record(namespace, name, value, unit, {key: str(found) for key, found in dimensions.items()})


def _number(metric_value: str, match: Match) -> float | None:
    found: Any = match.value(metric_value) if metric_value.startswith("$") else metric_value
    try:
        return None if found is None or isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        return None


class MetricFilters(Service):
    """Patterns are checked when they are put, and can be tried."""

    name: ClassVar[str] = "logs"

    @action("PutMetricFilter")
    async def put(self, request: AwsRequest) -> Params:
        params = request.params
        _compiled(params.get("filterPattern") or "")
        for transformation in params["metricTransformations"]:
            dimensions = transformation.get("dimensions") or {}
            if dimensions and transformation.get("defaultValue") is not None:
                raise _invalid("Invalid metric transformation: dimensions and default value are mutually exclusive.")
            if len(dimensions) > MAX_DIMENSIONS:
                raise _invalid(f"Invalid metric transformation: at most {MAX_DIMENSIONS} dimensions are allowed.")
        return await self.ctx.upstream(request)

    @action("TestMetricFilter")
    async def try_out(self, request: AwsRequest) -> Params:
        pattern = _compiled(request.params["filterPattern"])
        found = []
        for number, message in enumerate(request.params["logEventMessages"], 1):
            if pattern(message):
                found.append({"eventNumber": number, "eventMessage": message, "extractedValues": {}})
        return {"matches": found}


def _compiled(text: str) -> Pattern:
    try:
        return compiled(text)
    except PatternError as error:
        raise _invalid(f"Invalid metric filter pattern: {error}") from None


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
