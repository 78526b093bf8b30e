"""What the promotion gate decides on: the candidate's recipe, the baselines and the live version, user by user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.version import ModelVersion
from streaming_recs.training.baselines import BASELINES
from streaming_recs.training.interactions import Interactions, coded
from streaming_recs.training.methods import Rank, methods, rank_by_model
from streaming_recs.training.metrics import Values, scored
from streaming_recs.training.promotion import ENOUGH_USERS, Decision, decide
from streaming_recs.training.protocol import Questions, Split, split_at, split_by_time
from streaming_recs.training.settings import Settings
from streaming_recs.training.train import train

PROTOCOL = "new"  # the question that the gate asks: what shall they see that they do not know yet
RIVALS = ("popularity", "recent_popularity", "own_frequency", "item_knn")


@dataclass(frozen=True)
class Evidence:
    """(u,) truncated recall at 20 by method on the split in time, and (w,) candidate and live since the live's end."""

    candidate: Values
    baselines: Mapping[str, Values]
    live: tuple[Values, Values] | None
    has_live: bool

    def decision(self, seed: int) -> Decision:
        return decide(self.candidate, self.baselines, self.live, has_live=self.has_live, seed=seed)

    def metrics(self) -> dict[str, float]:
        """Mean recall of each method, for the registry."""
        return {"ours": _mean(self.candidate)} | {name: _mean(values) for name, values in self.baselines.items()}


def evidence(
    interactions: Interactions, live: ModelVersion | None, *, settings: Settings, seed: int, most_users: int = 2_000
) -> Evidence:
    """Trains the recipe on the past of each split and asks about its future. With no live version `live` is None.

    A live version is asked only about the time after its own data, and the recipe is then trained on no more than that.
    """
    split = split_by_time(interactions, most_users=most_users, seed=seed)
    questions = split.questions[PROTOCOL]
    every = methods()
    baselines = {}
    for name in RIVALS:
        default = {key: values[0] for key, values in BASELINES[name].space.items()}
        baselines[name] = _asked(every[name].fit(split.train, split.end, default, seed), questions, split)
    ours = _asked(_recipe(split, settings, seed), questions, split)
    return Evidence(ours, baselines, _since(interactions, live, settings, seed, most_users), live is not None)


def _since(
    interactions: Interactions, live: ModelVersion | None, settings: Settings, seed: int, most_users: int
) -> tuple[Values, Values] | None:
    if (
        live is None
        or "end_day" not in live.data
        or not interactions.day[0] < live.data["end_day"] < interactions.day[-1]
    ):
        return None
    split = split_at(interactions, float(live.data["end_day"]), most_users=most_users, seed=seed)
    questions = split.questions[PROTOCOL]
    known = np.isin(split.train.users[questions.users], live.users)
    questions = Questions(questions.users[known], [t for t, k in zip(questions.truth, known, strict=True) if k])
    if len(questions.users) < ENOUGH_USERS:
        return None
    return _asked(_recipe(split, settings, seed), questions, split), _asked(_translated(live, split), questions, split)


def _recipe(split: Split, settings: Settings, seed: int) -> Rank:
    return rank_by_model(train(split.train, seed=seed, settings=settings, end=split.end))


def _translated(live: ModelVersion, split: Split) -> Rank:
    """The live version's lists in the positions of the split's items; an item that it alone knows is a miss."""
    rank = rank_by_model(live)

    def ranked(users: NDArray[np.int64], show_bought: bool) -> NDArray[np.int64]:
        lists = rank(coded(live.users, split.train.users[users]), show_bought)
        position = coded(split.train.items, live.items)
        return np.where(lists >= 0, position[np.maximum(lists, 0)], -1)

    return ranked


def _asked(rank: Rank, questions: Questions, split: Split) -> Values:
    if len(questions.users) == 0:
        return np.empty(0)
    lists = rank(questions.users, False)
    return scored(lists, questions.truth, len(split.train.items)).values["recall_at_20"]


def _mean(values: Values) -> float:
    return float(values.mean()) if len(values) else 0.0
