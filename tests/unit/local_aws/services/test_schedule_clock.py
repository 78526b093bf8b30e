"""A schedule is due in its own time zone, once, and never for the past."""

from datetime import UTC, datetime

import pytest
from local_aws.services.schedule_clock import Clock, Expressions, due, one_time
from ministack.services import eventbridge

EXPRESSIONS = Expressions(eventbridge._parse_rate_seconds, eventbridge._parse_cron_fields, eventbridge._cron_next_fire)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def schedule(expression: str, **more):
    created = at("2026-01-01T00:00:00")
    return {"ScheduleExpression": expression, "State": "ENABLED", "CreationDate": created} | more


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        ("UTC", "2026-07-01", "02:00"),
        ("Europe/Berlin", "2026-07-01", "00:00"),  # summer
        ("Europe/Berlin", "2026-01-15", "01:00"),  # winter
        ("America/New_York", "2026-07-01", "06:00"),
    ],
)
def test_two_o_clock_is_two_o_clock_there(zone, day, utc):
    nightly = schedule("cron(0 2 * * ? *)", ScheduleExpressionTimezone=zone)
    moment = at(f"{day}T{utc}:00")
    assert not due(nightly, moment - 600, moment - 1, EXPRESSIONS)
    assert due(nightly, moment - 600, moment + 5, EXPRESSIONS)
    assert not due(nightly, moment + 5, moment + 600, EXPRESSIONS)


def test_a_one_time_schedule_is_read_in_its_zone():
    assert one_time(schedule("at(2026-07-01T02:00:00)", ScheduleExpressionTimezone="Asia/Tokyo")) == at(
        "2026-06-30T17:00"
    )


def test_a_rate_counts_from_the_creation():
    hourly = schedule("rate(1 hour)")
    assert due(hourly, at("2026-01-01T04:59:00"), at("2026-01-01T05:00:01"), EXPRESSIONS)
    assert not due(hourly, at("2026-01-01T05:00:01"), at("2026-01-01T05:59:00"), EXPRESSIONS)


def test_a_sweep_fires_once_and_a_restart_makes_up_for_nothing():
    fired, dropped = [], []
    clock = Clock(EXPRESSIONS, lambda key, _: fired.append(key), dropped.append)
    schedules = {
        "nightly": schedule("cron(0 2 * * ? *)"),
        "off": schedule("cron(0 2 * * ? *)", State="DISABLED"),
        "once": schedule("at(2026-07-01T02:00:00)", ActionAfterCompletion="DELETE"),
        "ended": schedule("rate(1 minute)", EndDate=at("2026-02-01T00:00")),
    }
    last: dict[str, float] = {}
    for time in ("01:59:50", "02:00:00", "02:00:10", "02:00:20"):
        clock.tick(schedules, last, at(f"2026-07-01T{time}"))
    assert fired == ["nightly", "once"]
    assert dropped == ["once"]
    clock.tick(schedules, {}, at("2026-07-01T02:00:30"))
    assert fired == ["nightly", "once"]
