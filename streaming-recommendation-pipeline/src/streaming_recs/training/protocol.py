"""The protocol of an evaluation: a split in time, two questions, the same users and truth for every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streaming_recs.model.version import Indices, ModelVersion
from streaming_recs.training.interactions import Interactions, coded

TRAIN_SHARE = 0.8  # of the time span
LEAST_ITEMS = 5  # distinct items a test user must have bought before the cut
PROTOCOLS = {"new": False, "all": True}  # name → items already bought may be shown and count


@dataclass(frozen=True)
class Questions:
    """Who is asked about, by position in the training data, and what they bought after the cut."""

    users: Indices  # (u,)
    truth: list[set[int]]  # item positions, never empty


@dataclass(frozen=True)
class Split:
    """Interactions up to the cut, and the questions of each protocol."""

    train: Interactions
    end: float  # the cut, days since 1970
    test_rows: int
    questions: dict[str, Questions]


def split_by_time(interactions: Interactions, *, most_users: int, seed: int) -> Split:
    """Train on the first 80 % of the time span, ask about the rest; items never seen before the cut are no truth.

    At most `most_users` test users are asked about, drawn by the seed.
    """
    start, last = float(interactions.day[0]), float(interactions.day[-1])
    return split_at(interactions, start + TRAIN_SHARE * (last - start), most_users=most_users, seed=seed)


def split_at(interactions: Interactions, cut: float, *, most_users: int, seed: int) -> Split:
    """Train on the days up to the cut, ask about those after it."""
    train, test = interactions.between(-np.inf, cut), interactions.between(cut, np.inf)
    bought = bought_by(train)
    later = later_purchases(train, test)
    draw = np.random.default_rng(seed)
    questions = {}
    for name, shows_bought in PROTOCOLS.items():
        truth = later if shows_bought else {user: items - bought[user] for user, items in later.items()}
        users = np.array([u for u in sorted(truth) if truth[u] and len(bought[u]) >= LEAST_ITEMS], dtype=np.int64)
        users = np.sort(draw.permutation(users)[:most_users])
        questions[name] = Questions(users, [truth[int(user)] for user in users])
    return Split(train, cut, len(test), questions)


def bought_by(interactions: Interactions) -> list[set[int]]:
    """The distinct items of each user."""
    matrix = interactions.matrix()
    return [set(matrix.indices[a:b].tolist()) for a, b in zip(matrix.indptr, matrix.indptr[1:], strict=False)]


def later_purchases(known: Interactions | ModelVersion, following: Interactions) -> dict[int, set[int]]:
    """What each known user (position) bought of the known items (positions) later; users with nothing left out.

    What they rated with one star (weight 0) they would rather not have been shown.
    """
    user = coded(known.users, following.users)[following.user]
    item = coded(known.items, following.items)[following.item]
    both = np.flatnonzero((user >= 0) & (item >= 0) & (following.weight > 0))
    bought: dict[int, set[int]] = {}
    for who, what in zip(user[both].tolist(), item[both].tolist(), strict=True):
        bought.setdefault(who, set()).add(what)
    return bought


def sampled(interactions: Interactions, *, items: int, users: int, seed: int) -> Interactions:
    """The `items` that most lines hold and `users` drawn by the seed: what a search can afford."""
    if len(interactions.items) > items:
        lines = np.bincount(interactions.item)
        interactions = interactions.where(np.isin(interactions.item, np.argsort(-lines, kind="stable")[:items]))
    if len(interactions.users) > users:
        drawn = np.random.default_rng(seed).permutation(len(interactions.users))[:users]
        interactions = interactions.where(np.isin(interactions.user, drawn))
    return interactions
