"""Schedules of Glue's crawlers and triggers: cron expressions in UTC, five minutes apart at least."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local_aws import upstream
from local_aws.services.glue_jobs import invalid
from local_aws.services.schedule_clock import NEW_SECONDS, Clock, Schedule
from local_aws.store import Table

LEAST = timedelta(minutes=5)
_LOOKED_AT = 24  # firings: more than any list of minutes within an hour repeats itself in


def check_schedule(expression: str) -> None:
    """Refuse what is no cron expression and what would fire too often."""
    parsers = upstream.schedule_expressions()
    fields = parsers.cron_fields(expression)
    if fields is None:
        raise invalid(f"Schedule expression {expression} is not valid: cron(minutes hours day month weekday year).")
    moment = parsers.next_fire(fields, datetime.now(UTC))
    for _ in range(_LOOKED_AT):
        following = parsers.next_fire(fields, moment) if moment else None
        if moment is None or following is None:
            return
        if following - moment < LEAST:
            raise invalid(f"Schedule expression {expression} fires within five minutes, the least that Glue allows.")
        moment = following


@dataclass(frozen=True)
class Entry:
    """A schedule that is on; `changed` is when it was made or switched on."""

    key: str
    expression: str
    changed: datetime


@dataclass
class Timetable:
    """Fires each schedule once when it is due. A restart makes up for nothing, and fires nothing again: `table` holds
    when each was fired last."""

    fire: Callable[[str], None]
    table: Table
    _fired: dict[tuple[str, str], float] = field(default_factory=dict)

    def tick(self, entries: Iterable[Entry]) -> None:
        schedules = {(entry.key, entry.expression): _schedule(entry) for entry in entries}
        for gone in self._fired.keys() - schedules.keys():
            del self._fired[gone]
            self.table.pop(" ".join(gone), None)
        now = time.time()
        for key in schedules.keys() - self._fired.keys():
            if last := self.table.get(" ".join(key)):
                changed = schedules[key]["CreationDate"]
                self._fired[key] = max(last["At"], changed if now - changed < NEW_SECONDS else now)
        Clock(upstream.schedule_expressions(), self._fire, lambda _: None).tick(schedules, self._fired, now)

    def _fire(self, key: tuple[str, str], _schedule: Schedule) -> None:
        self.table[" ".join(key)] = {"At": time.time()}
        self.fire(key[0])


def _schedule(entry: Entry) -> Schedule:
    return {"State": "ENABLED", "ScheduleExpression": entry.expression, "CreationDate": entry.changed.timestamp()}
