"""EventBridge Scheduler's clock: when a schedule is due, in the time zone it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

Schedule = dict[str, Any]
NEW_SECONDS = 60.0


@dataclass(frozen=True)
class Expressions:
    """The emulator's parsers: rate(…) → seconds, cron(…) → fields, and the next moment of such fields after another."""

    rate_seconds: Callable[[str], float | None]
    cron_fields: Callable[[str], Any]
    next_fire: Callable[[Any, datetime], datetime | None]


def due(schedule: Schedule, since: float, now: float, expressions: Expressions) -> bool:
    """Whether a schedule has a moment after `since` and up to `now`."""
    once = one_time(schedule)
    if once is not None:
        return since < once <= now
    expression = schedule.get("ScheduleExpression", "")
    seconds = expressions.rate_seconds(expression)
    if seconds is not None:
        anchor = float(schedule["CreationDate"])
        return (now - anchor) // seconds > (since - anchor) // seconds
    fields = expressions.cron_fields(expression)
    if fields is None:
        return False
    following = expressions.next_fire(fields, datetime.fromtimestamp(since, tz=zone(schedule)))
    return following is not None and following.timestamp() <= now


def one_time(schedule: Schedule) -> float | None:
    """The moment of an at(…) schedule, else None."""
    expression = schedule.get("ScheduleExpression", "").strip()
    if not (expression.startswith("at(") and expression.endswith(")")):
        return None
    moment = datetime.fromisoformat(expression[3:-1].strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone(schedule))).timestamp()


def zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")


def moment(value: Any) -> float | None:
    """StartDate and EndDate, as numbers or ISO text."""
    if value is None or isinstance(value, int | float):
        return value
    parsed = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True)
class Clock:
    """One sweep over all schedules; `fire(key, schedule)` delivers, `drop(key)` deletes."""

    expressions: Expressions
    fire: Callable[[Any, Schedule], None]
    drop: Callable[[Any], None]

    def tick(self, schedules: dict[Any, Schedule], fired: dict[Any, float], now: float) -> None:
        for key, schedule in list(schedules.items()):
            if schedule.get("State") == "ENABLED":
                self._look(key, schedule, fired, now)

    def _look(self, key: Any, schedule: Schedule, fired: dict[Any, float], now: float) -> None:
        start, end = moment(schedule.get("StartDate")), moment(schedule.get("EndDate"))
        passing = schedule.get("ActionAfterCompletion") == "DELETE"
        if end is not None and now > end:
            if passing:
                self.drop(key)
            return
        since = fired.setdefault(key, _first_seen(schedule, now))
        if (start is not None and now < start) or not due(schedule, since, now, self.expressions):
            return
        fired[key] = now
        self.fire(key, schedule)
        if passing and one_time(schedule) is not None:
            self.drop(key)


def _first_seen(schedule: Schedule, now: float) -> float:
    """From when on a schedule counts: a new one from its creation, an old one (after a restart) from now, so that
    nothing fires twice and nothing of the past is made up for."""
    changed = float(schedule.get("LastModificationDate") or schedule["CreationDate"])
    return changed if now - changed < NEW_SECONDS else now
