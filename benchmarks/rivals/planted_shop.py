"""A year of a shop with planted tastes, of any size: for sizes and times; only real purchases tell quality."""

from __future__ import annotations

import numpy as np
from streaming_recs.training.interactions import Interactions

TASTES, TASTES_PER_USER, ELSEWHERE, DAYS = 60, 3, 0.15, 365.0


def planted_shop(rows: int, *, users: int, items: int, seed: int = 0) -> Interactions:
    """Each user has three of sixty tastes; within a taste some items sell far more; 15 % of lines follow no taste."""
    draw = np.random.default_rng(seed)
    activity = draw.pareto(1.2, users) + 0.3
    user = draw.choice(users, rows, p=activity / activity.sum())
    tastes, taste_of = draw.integers(0, TASTES, (users, TASTES_PER_USER)), draw.integers(0, TASTES, items)
    sells = 1 / np.arange(1, items + 1) ** 0.8
    wanted = tastes[user, draw.integers(0, TASTES_PER_USER, rows)]
    item = draw.choice(items, rows, p=sells / sells.sum())
    follows = draw.random(rows) >= ELSEWHERE
    for taste in range(TASTES):
        lines, shelf = np.flatnonzero(follows & (wanted == taste)), np.flatnonzero(taste_of == taste)
        if len(shelf):
            item[lines] = draw.choice(shelf, len(lines), p=sells[shelf] / sells[shelf].sum())
    codes = np.char.add("I", item.astype(np.str_))
    return Interactions.of(user, codes, 20_000 + draw.random(rows) * DAYS, draw.integers(1, 9, rows))
