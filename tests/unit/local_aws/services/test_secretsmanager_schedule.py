"""When a secret is rotated next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from local_aws.services import secretsmanager_schedule as schedule
from local_aws.services.schedule_clock import Expressions
from local_aws.wire import AwsError

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
FIRST_OF_MONTH = datetime(2026, 2, 1, 8, 0, tzinfo=UTC)
EXPRESSIONS = Expressions(lambda _: None, lambda text: text, lambda _fields, _after: FIRST_OF_MONTH)


@pytest.mark.parametrize(
    ("rules", "moment"),
    [
        ({"AutomaticallyAfterDays": 30}, NOW + timedelta(days=30)),
        ({"ScheduleExpression": "rate(4 hours)"}, NOW + timedelta(hours=4)),
        ({"ScheduleExpression": "rate(10 days)"}, NOW + timedelta(days=10)),
        ({"ScheduleExpression": "cron(0 8 1 * ? *)"}, FIRST_OF_MONTH),
    ],
)
def test_the_next_rotation_follows_the_rules(rules: dict[str, Any], moment: datetime) -> None:
    schedule.check(rules)
    assert schedule.next_rotation(rules, NOW, EXPRESSIONS) == moment


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(10 days)"},
        {"AutomaticallyAfterDays": 0},
        {"AutomaticallyAfterDays": 1001},
        {"ScheduleExpression": "every now and then"},
    ],
)
def test_other_rules_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(AwsError) as refusal:
        schedule.check(rules)
    assert refusal.value.code == "InvalidParameterException"
