"""The first stage's knobs follow the shop, and only its past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from planted import catalogue, customers, shop
from streaming_recs.training.settings import Settings
from streaming_recs.training.tables import Sources
from streaming_recs.training.tuning import KNOBS, tuned

START = Settings(dimensions=8)


def said(_line: str) -> None:
    """A log that nobody reads."""


def test_a_knob_moves_to_what_finds_more_and_the_rest_stays():
    lines: list[str] = []
    found = tuned(Sources(shop(), catalogue(), customers()), START, seed=1, log=lines.append)
    assert found != START
    assert replace(found, **{knob: getattr(START, knob) for knob in KNOBS}) == START
    assert len(lines) == sum(map(len, KNOBS.values()))


def test_what_came_after_the_cut_decides_nothing():
    rows = shop()
    span = rows.day[-1] - rows.day[0]
    late = rows.day > rows.day[0] + 0.8 * span
    shuffled = np.where(late, np.random.default_rng(3).permutation(rows.item), rows.item)
    other = replace(rows, item=shuffled)
    found = [tuned(Sources(one, catalogue(), customers()), START, seed=1, log=said) for one in (rows, other)]
    assert found[0] == found[1]


def test_a_history_too_short_to_ask_anybody_leaves_the_settings():
    assert tuned(Sources(shop(rows=60), catalogue(), customers()), START, seed=1, log=said) == START
