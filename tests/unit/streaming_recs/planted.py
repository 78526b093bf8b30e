"""A small shop with planted tastes: what a recommender must find in it is known beforehand."""

from __future__ import annotations

import numpy as np
from streaming_recs.training.interactions import Interactions
from streaming_recs.training.tables import Customers, Items

GROUPS, ITEMS_PER_GROUP, USERS = 4, 15, 160
COUNTRIES = ("France", "Japan", "Norway", "USA")


def shop(seed: int = 1, rows: int = 6_000, days: float = 200.0) -> Interactions:
    """Users of group g buy items of group g, one in ten elsewhere; the g-th group's items are P<g>-<nn>."""
    draw = np.random.default_rng(seed)
    user = draw.integers(0, USERS, rows)
    group = np.where(draw.random(rows) < 0.9, user % GROUPS, draw.integers(0, GROUPS, rows))
    number = np.minimum(draw.geometric(0.15, rows) - 1, ITEMS_PER_GROUP - 1)
    codes = np.array([f"P{g}-{n:02d}" for g, n in zip(group, number, strict=True)])
    return Interactions.of(100 + user, codes, 20_000 + np.sort(draw.random(rows)) * days, draw.integers(1, 9, rows))


def catalogue() -> Items:
    codes = [f"P{g}-{n:02d}" for g in range(GROUPS) for n in range(ITEMS_PER_GROUP)]
    lines = [f"line {code[1]}" for code in codes]
    return Items.of(
        np.array(codes), np.array(lines), np.arange(len(codes)) + 1.0, np.array([c != "P0-03" for c in codes])
    )


def customers() -> Customers:
    number = np.arange(100, 100 + USERS)
    group = (number - 100) % GROUPS
    city = np.array([f"capital of {COUNTRIES[g]}" for g in group])
    return Customers.of(number, np.array(COUNTRIES)[group], city, 10_000.0 * (group + 1))
