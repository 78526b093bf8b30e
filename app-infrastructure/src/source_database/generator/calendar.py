"""When orders come: trend, seasons, weekdays, promotions; and how many lines each has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from source_database.generator.columns import Floats, Ints
from source_database.generator.plan import Plan

GROWTH = 1.3  # a year
MOST_LINES_IN_AN_ORDER = 18  # as in classicmodels
FIRST_ORDER_NUMBER = 10_100
_BY_MONTH = np.array([0.8, 0.82, 0.9, 0.9, 0.95, 0.9, 0.85, 0.92, 1.0, 1.25, 1.75, 1.35])
_BY_WEEKDAY = np.array([1.15, 1.1, 1.1, 1.1, 1.15, 0.55, 0.35])
_PART = 1 << 20  # orders drawn at a time


@dataclass(frozen=True)
class Calendar:
    """day: (n,) offset of each order's day from the first, sorted; size: (n,) its lines; month_of: (days,)."""

    day: Ints
    size: Ints
    month_of: Ints

    @classmethod
    def of(cls, plan: Plan) -> Calendar:
        size = _sizes(plan)
        running = np.cumsum(_demand(plan))
        drawn = np.sort(plan.chance("days").random(len(size))) * running[-1]
        return cls(np.searchsorted(running, drawn, side="right"), size, _months(plan))


def _sizes(plan: Plan) -> Ints:
    """Lines of each order; they add up to the plan's lines exactly, so the last order may be cut short."""
    parts: list[Ints] = []
    missing = plan.lines
    while missing > 0:
        chance = plan.chance("sizes", len(parts))
        want = min(_PART, missing // 5 + 16)
        part = 1 + np.minimum(chance.poisson(chance.gamma(1.6, 3.0, want)), MOST_LINES_IN_AN_ORDER - 1)
        total = np.cumsum(part)
        full = int(np.searchsorted(total, missing))
        if full < len(part):  # this part is more than enough
            part = part[: full + 1]
            part[full] -= total[full] - missing
        missing -= int(part.sum())
        parts.append(part)
    return np.asarray(np.concatenate(parts), dtype=np.int64)


def _demand(plan: Plan) -> Floats:
    """How much each day sells, relative to the others."""
    day = np.arange(plan.days)
    dates = [plan.first_day + timedelta(days=int(offset)) for offset in day]
    month = np.array([found.month - 1 for found in dates])
    weekday = np.array([found.weekday() for found in dates])
    demand = GROWTH ** (day / 365.25) * _BY_MONTH[month] * _BY_WEEKDAY[weekday]
    black_friday = [found.month == 11 and found.weekday() == 4 and 23 <= found.day <= 29 for found in dates]
    demand[np.array(black_friday)] *= 2.5
    promotions = plan.chance("promotions").random(plan.days) < 0.02
    demand[promotions] *= 1.8
    return np.asarray(demand)


def _months(plan: Plan) -> Ints:
    first = plan.first_day
    dates = [first + timedelta(days=offset) for offset in range(plan.days)]
    return np.array([(found.year - first.year) * 12 + found.month - first.month for found in dates])
