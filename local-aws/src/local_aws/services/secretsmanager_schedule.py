"""When a secret is rotated next. See "Rotation schedules", AWS Secrets Manager User Guide."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from local_aws.services.schedule_clock import Expressions
from local_aws.wire import AwsError, Params

_RATE = re.compile(r"rate\((\d+) (hour|hours|day|days)\)")


def check(rules: Params) -> None:
    """Refuse rules that Secrets Manager refuses."""
    days, expression = rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression")
    if (days is None) == (expression is None):
        raise _invalid("Specify either AutomaticallyAfterDays or ScheduleExpression in the rotation rules.")
    if days is not None and not 1 <= days <= 1000:
        raise _invalid("AutomaticallyAfterDays must be between 1 and 1000.")
    if expression and not (_RATE.fullmatch(expression) or expression.startswith("cron(")):
        raise _invalid(f"Invalid ScheduleExpression: {expression}")


def next_rotation(rules: Params, after: datetime, expressions: Expressions) -> datetime | None:
    """The moment of the rotation that follows `after`."""
    if days := rules.get("AutomaticallyAfterDays"):
        return after + timedelta(days=days)
    expression = rules.get("ScheduleExpression", "")
    if rate := _RATE.fullmatch(expression):
        unit = "hours" if rate[2].startswith("hour") else "days"
        return after + timedelta(**{unit: int(rate[1])})
    fields = expressions.cron_fields(expression)
    return expressions.next_fire(fields, after) if fields is not None else None


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
