"""Learns the second stage from what shoppers did next: LightGBM on past moments, exported to plain arrays.

At each of several moments the first stage is built as it would have been then; candidates and features come from the
very functions that serve; what was bought in the following horizon is the truth. Two objectives are averaged, a
pointwise and a listwise one (LambdaMART, Burges 2010): they err differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.features import NAMES, pair_features
from streaming_recs.model.filters import bought
from streaming_recs.model.histories import batch
from streaming_recs.model.recommend import RETRIEVED, candidates
from streaming_recs.model.shopper import Shopper
from streaming_recs.model.version import Matrix, ModelVersion, Trees
from streaming_recs.training.interactions import Interactions
from streaming_recs.training.protocol import later_purchases
from streaming_recs.training.settings import Settings

MOMENTS = (1.0, 1.5, 2.0, 0.5)  # horizons before the end of the data
_LEAST_HISTORY = 3  # items a shopper must have at a moment to be learnt from
_SHOPPERS = 64
_MOST_SHOPPERS = 2_000  # of a moment
_NEGATIVES = 0.35  # share kept of the candidates that were not bought
_LEAST_TRUTH = 200  # bought candidates below which there is nothing to learn
_TRUTH_A_ROUND = 200  # bought candidates for each round of boosting: with fewer, trees learn chance
_LEAST_ROUNDS = 10

PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 100, "feature_fraction": 0.5,
    "max_bin": 63, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 10.0, "max_depth": 6,
    "use_missing": False, "deterministic": True, "force_row_wise": True, "verbose": -1,
}  # fmt: skip
OBJECTIVES: tuple[dict[str, Any], ...] = (
    {"objective": "binary"},
    {"objective": "lambdarank", "lambdarank_truncation_level": 30},
)


@dataclass(frozen=True)
class Examples:
    """Candidate pairs of one or more moments, shopper by shopper."""

    features: Matrix  # (r, f)
    truth: NDArray[np.float32]  # (r,)
    groups: NDArray[np.int64]  # rows of each shopper


def examples(model: ModelVersion, following: Interactions, *, show_bought: bool, seed: int) -> Examples:
    """Candidates of the shoppers who came back, with what they bought; at most so many, drawn by seed."""
    truth = truth_of(model, following, show_bought=show_bought)
    histories = np.diff(model.histories.starts)
    users = np.array([user for user in sorted(truth) if histories[user] >= _LEAST_HISTORY], dtype=np.int64)
    draw = np.random.default_rng(seed)
    users = np.sort(draw.permutation(users)[:_MOST_SHOPPERS])
    parts = [
        part
        for start in range(0, len(users), _SHOPPERS)
        for part in _block(model, users[start : start + _SHOPPERS], truth, show_bought, draw)
    ]
    return _joined(parts)


def truth_of(model: ModelVersion, following: Interactions, *, show_bought: bool) -> dict[int, set[int]]:
    """What each trained user (position) bought of the model's items (positions) later; users with nothing left out."""
    truth = later_purchases(model, following)
    if not show_bought:
        history = model.histories
        truth = {one: what - set(history.item[history.rows(one)].tolist()) for one, what in truth.items()}
    return {one: what for one, what in truth.items() if what}


def _block(
    model: ModelVersion,
    users: NDArray[np.int64],
    truth: dict[int, set[int]],
    show_bought: bool,
    draw: np.random.Generator,
) -> Iterator[Examples]:
    shoppers = [Shopper(customer_number=int(number)) for number in model.users[users]]
    known = batch(model, shoppers)
    masks = np.ones((len(shoppers), len(model.items)), dtype=np.bool_)
    if not show_bought:
        for number, shopper in enumerate(shoppers):
            masks[number, bought(model, shopper)] = False
    row, item = candidates(model, known, masks, RETRIEVED)
    hit = np.array(
        [what in truth[who] for who, what in zip(users[row].tolist(), item.tolist(), strict=True)], dtype=bool
    )
    kept = hit | (draw.random(len(row)) < _NEGATIVES)
    groups = np.bincount(row[kept])
    features = pair_features(model, known, row, item)[kept]
    yield Examples(features, hit[kept].astype(np.float32), groups[groups > 0])


def _joined(parts: list[Examples]) -> Examples:
    if not parts:
        return Examples(
            np.empty((0, len(NAMES)), dtype=np.float32), np.empty(0, dtype=np.float32), np.empty(0, np.int64)
        )
    return Examples(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.groups for part in parts]),
    )


def fit(parts: list[Examples], settings: Settings, *, seed: int) -> Trees | None:
    """The averaged boosters as arrays; None when there is too little to learn from."""
    learnt = _joined(parts)
    truth = int(learnt.truth.sum())
    if truth < _LEAST_TRUTH:
        return None
    rounds = min(settings.rounds, max(_LEAST_ROUNDS, truth // _TRUTH_A_ROUND))
    exported = []
    for number in range(settings.boosters):
        for objective in OBJECTIVES:
            data = lightgbm.Dataset(learnt.features, learnt.truth, group=learnt.groups, params={"verbose": -1})
            chosen = PARAMETERS | objective | {"seed": seed * 1000 + number}
            booster = lightgbm.train(chosen, data, rounds)
            spread = float(np.std(booster.predict(learnt.features[:20_000], raw_score=True)))
            exported.append((booster.dump_model()["tree_info"], 1 / max(spread, 1e-9)))
    return export(exported)


def export(boosters: list[tuple[list[dict[str, Any]], float]]) -> Trees:
    """Trees of several dumped boosters, each with the factor its leaves are multiplied by."""
    nodes: list[tuple[int, float, int, int, float]] = []
    roots, depth = [], 0

    def place(node: dict[str, Any], factor: float) -> tuple[int, int]:
        at = len(nodes)
        if "split_index" not in node:
            nodes.append((0, np.inf, at, at, factor * float(node["leaf_value"])))
            return at, 0
        nodes.append((0, 0.0, 0, 0, 0.0))
        left, left_depth = place(node["left_child"], factor)
        right, right_depth = place(node["right_child"], factor)
        nodes[at] = (int(node["split_feature"]), float(node["threshold"]), left, right, 0.0)
        return at, 1 + max(left_depth, right_depth)

    # Round by round: the first trees are the first rounds of every booster.
    factors = [factor for _, factor in boosters]
    for trees_of_round in zip_longest(*(trees for trees, _ in boosters)):
        for tree, factor in zip(trees_of_round, factors, strict=True):
            if tree is not None:
                root, steps = place(tree["tree_structure"], factor)
                roots.append(root)
                depth = max(depth, steps)
    feature, threshold, left, right, value = (np.array(column) for column in zip(*nodes, strict=True))
    # Features are float32: rounding a threshold down keeps "value <= threshold" as the booster decides it.
    rounded = threshold.astype(np.float32)
    rounded = np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    return Trees(
        np.array(NAMES), np.array(roots, dtype=np.int32), feature.astype(np.int32), rounded.astype(np.float32),
        left.astype(np.int32), right.astype(np.int32), value.astype(np.float32), np.array(depth, dtype=np.int32),
    )  # fmt: skip
