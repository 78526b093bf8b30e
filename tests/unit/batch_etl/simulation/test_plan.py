"""Which days are simulated, and what a seed decides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from batch_etl.errors import SimulationError
from batch_etl.simulation.plan import drawn
from simulation_world import plan

VOLUMES = {"orders": 1, "files": 1, "clicks": 1, "transactions": 1, "bad_share": 0.0, "seed": 7}


def test_the_last_simulated_day_is_yesterday_unless_another_first_day_is_given():
    today = datetime.now(UTC).date()
    week = drawn(7, None, **VOLUMES)
    assert (week.first_day, week.day(6)) == (today - timedelta(days=7), today - timedelta(days=1))
    assert drawn(2, "2026-01-30", **VOLUMES).dates == [date(2026, 1, 30), date(2026, 1, 31)]


@pytest.mark.parametrize("first_day", ["tomorrow", "2999-01-01", "1999-12-31"])
def test_days_that_have_not_passed_or_are_none_are_refused(first_day):
    with pytest.raises(SimulationError, match=first_day):
        drawn(1, first_day, **VOLUMES)


def test_a_seed_draws_the_same_for_each_source_and_day_and_something_else_for_the_others():
    first, again, other = plan(seed=1), plan(seed=1, run="another"), plan(seed=2)
    draw = [first.chance("clicks", day).random() for day in (0, 1)]
    assert draw == [again.chance("clicks", day).random() for day in (0, 1)]
    assert len({*draw, first.chance("orders", 0).random(), other.chance("clicks", 0).random()}) == 4
