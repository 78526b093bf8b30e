"""The item of a shopper's history that draws a recommended item most is the one that its reason names."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streaming_recs.model.histories import Batch, batch
from streaming_recs.model.reasons import reasons
from streaming_recs.model.shopper import Interaction, Shopper
from streaming_recs.model.version import ModelVersion, Neighbours

ITEMS, SHOPPERS, SHOWN = 30, 6, 10
CODES = np.array([f"P{number:02d}" for number in range(ITEMS)])


def shop(draw: np.random.Generator) -> Any:
    near = np.array([draw.permutation(ITEMS)[:6] for _ in range(ITEMS)], dtype=np.int32)
    near[draw.random(near.shape) < 0.2] = -1
    strength = np.where(near < 0, 0.0, draw.integers(0, 4, near.shape)).astype(np.float32)
    return SimpleNamespace(items=CODES, neighbours=Neighbours(near, strength))


def visits(draw: np.random.Generator) -> Batch:
    """Six shoppers with none to eight entries, some bought and some browsed."""
    row = np.sort(draw.integers(1, SHOPPERS, 25))  # the first one has none
    item = np.concatenate([draw.permutation(ITEMS)[: np.count_nonzero(row == one)] for one in range(SHOPPERS)])
    times = draw.integers(0, 3, len(row)).astype(np.float32)
    none = np.zeros(len(row), dtype=np.float32)
    return Batch(
        np.zeros((SHOPPERS, 2), dtype=np.float32), ("trained_user",) * SHOPPERS, none[:0, None], row, item,
        draw.integers(1, 3, len(row)).astype(np.float32), times, none, none, none,
    )  # fmt: skip


def expected(model: Any, known: Batch, shopper: int, item: int) -> str:
    """One entry, one neighbour at a time."""
    best, named = 0.0, "Matches what you usually buy"
    for entry in np.flatnonzero(known.row == shopper):
        source, times = known.item[entry], known.times[entry]
        if source == item and times:
            return "You bought this before" if times == 1 else "You bought this 2 times"
        for near, strength in zip(model.neighbours.item[source], model.neighbours.weight[source], strict=True):
            pull = strength * known.weight[entry] * (1 if times else 10)
            if near == item and pull > best:
                best, named = pull, f"Goes with {CODES[source]}, which you {'bought' if times else 'looked at'}"
    return named


@pytest.mark.parametrize("seed", range(20))
def test_the_strongest_pull_is_named_the_first_of_equals(seed: int) -> None:
    draw = np.random.default_rng(seed)
    model, known = shop(draw), visits(draw)
    lists = [draw.permutation(ITEMS)[: draw.integers(0, SHOWN)].astype(np.int64) for _ in range(SHOPPERS)]
    wanted = [[expected(model, known, row, item) for item in items.tolist()] for row, items in enumerate(lists)]
    assert list(reasons(model, known, lists)) == wanted


def test_a_batch_of_strangers_who_bring_nothing_is_told_the_path(model: ModelVersion) -> None:
    known = batch(replace(model, place_priors={}), [Shopper(), Shopper()])
    assert list(reasons(model, known, [np.array([1, 2]), np.array([0])])) == [
        ["Popular right now"] * 2,
        ["Popular right now"],
    ]


def test_each_shopper_has_the_own_entries(model: ModelVersion) -> None:
    """Purchases of the trained, then what was just browsed; of nobody's neighbour in the batch."""
    codes = model.items[:3].tolist()
    shoppers = [
        Shopper(recent=(Interaction(codes[0]),)),
        Shopper(customer_number=int(model.users[1]), recent=(Interaction(codes[1]), Interaction(codes[2], weight=2.0))),
        Shopper(),
        Shopper(customer_number=int(model.users[0])),
    ]
    known, history = batch(model, shoppers), model.histories
    one, other = history.rows(1), history.rows(0)
    assert known.row.tolist() == [0, *[1] * (one.stop - one.start + 2), *[3] * (other.stop - other.start)]
    assert known.item.tolist() == [0, *history.item[one], 1, 2, *history.item[other]]
    assert known.times.tolist() == [0, *history.times[one], 0, 0, *history.times[other]]
    assert known.weight.tolist() == [1, *history.weight[one], 1, 2, *history.weight[other]]
    assert known.last_age.tolist() == [0, *history.last_age[one], 0, 0, *history.last_age[other]]
