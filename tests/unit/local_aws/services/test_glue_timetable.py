"""Schedules of crawlers and triggers fire once when they are due."""

from datetime import UTC, datetime

import pytest
from local_aws.services import glue_timetable
from local_aws.services.glue_timetable import Entry, Timetable, check_schedule
from local_aws.store import Table
from local_aws.wire import AwsError

NIGHTLY = "cron(0 2 * * ? *)"


@pytest.fixture
def table(tmp_path) -> Table:
    return Table(tmp_path / "state.sqlite", "fired")


def at(monkeypatch, clock: str) -> datetime:
    moment = datetime.fromisoformat(f"2026-07-01T{clock}").replace(tzinfo=UTC)
    monkeypatch.setattr(glue_timetable.time, "time", moment.timestamp)
    return moment


def test_a_schedule_fires_once_and_each_at_its_time(monkeypatch, table):
    fired: list[str] = []
    made = at(monkeypatch, "01:59:50")
    entries = [Entry("nightly", NIGHTLY, made), Entry("noon", "cron(0 12 * * ? *)", made)]
    timetable = Timetable(fired.append, table)
    for clock in ("01:59:50", "01:59:55", "02:00:01", "02:00:03", "02:00:30"):
        at(monkeypatch, clock)
        timetable.tick(entries)
    assert fired == ["nightly"]


def test_a_restart_fires_nothing_again_and_makes_up_for_nothing(monkeypatch, table):
    fired: list[str] = []
    entries = [Entry("nightly", NIGHTLY, at(monkeypatch, "01:59:50"))]
    Timetable(fired.append, table).tick(entries)
    for clock in ("02:00:01", "02:00:03", "02:00:30", "03:00:00"):
        at(monkeypatch, clock)
        Timetable(fired.append, table).tick(entries)
    assert fired == ["nightly"]
    late = [Entry("late", NIGHTLY, at(monkeypatch, "01:00:00"))]
    at(monkeypatch, "02:00:30")
    Timetable(fired.append, table).tick(late)
    assert fired == ["nightly"]


def test_a_schedule_that_was_off_makes_up_for_nothing(monkeypatch, table):
    fired: list[str] = []
    timetable = Timetable(fired.append, table)
    on = [Entry("nightly", NIGHTLY, at(monkeypatch, "01:00:00"))]
    for clock, entries in (("01:50:00", on), ("01:59:00", []), ("02:05:00", on), ("02:10:00", on)):
        at(monkeypatch, clock)
        timetable.tick(entries)
    assert fired == []


@pytest.mark.parametrize("expression", ["cron(0 2 * * ? *)", "cron(0/5 * * * ? *)", "cron(15 12 ? * MON-FRI *)"])
def test_what_glue_takes(expression):
    check_schedule(expression)


@pytest.mark.parametrize("expression", ["rate(5 minutes)", "cron(0 2 * * * *)", "0 2 * * *", "cron(0/4 * * * ? *)"])
def test_what_glue_refuses(expression):
    with pytest.raises(AwsError):
        check_schedule(expression)
