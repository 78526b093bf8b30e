"""The methods that ours is measured beside. Each fits interactions and scores all items for users.

fit(interactions, end, parameters, seed) → score(users (q,)) → (q, n). A space lists what its search draws from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity

from streaming_recs.model.version import Indices, Matrix
from streaming_recs.training import linear
from streaming_recs.training.als import implicit_als
from streaming_recs.training.interactions import Interactions

Parameters = Mapping[str, Any]
Score = Callable[[Indices], Matrix]
_TIE = 1e-6  # popularity breaks ties


@dataclass(frozen=True)
class Baseline:
    """fit, and its search space: the first value of each parameter is the first trial."""

    fit: Callable[[Interactions, float, Parameters, int], Score]
    space: Mapping[str, tuple[Any, ...]]
    most_items: int | None = None  # above, the method does not fit a machine of 8 GB


def popularity(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Score:
    """The same items for everybody: by distinct buyers, order lines or units."""
    count = len(interactions.items)
    weights = {"lines": None, "units": interactions.quantity, "log_units": np.log1p(interactions.quantity)}
    if parameters["count"] == "buyers":
        return everybody(np.asarray(interactions.matrix().sum(axis=0)).ravel())
    return everybody(np.bincount(interactions.item, weights[parameters["count"]], minlength=count))


def recent_popularity(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Score:
    """Distinct buyers of the last days."""
    recent = interactions.day > end - parameters["days"]
    pairs = np.unique(interactions.user[recent] * len(interactions.items) + interactions.item[recent])
    return everybody(np.bincount(pairs % len(interactions.items), minlength=len(interactions.items)))


def own_frequency(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Score:
    """How many days the user bought the item, older ones weighing less; then what is popular lately."""
    days = np.floor(interactions.day).astype(np.int64)
    shape = (len(interactions.users), len(interactions.items))
    visits = np.unique(np.column_stack([interactions.user, interactions.item, days]), axis=0)
    weight = np.exp2(-(end - visits[:, 2]) / parameters["half_life_days"])
    own = csr_matrix((weight, (visits[:, 0], visits[:, 1])), shape=shape)
    recent = recent_popularity(interactions, end, {"days": 30}, seed)(np.zeros(1, dtype=np.int64))
    return lambda users: np.asarray(own[users].toarray() + _TIE * recent, dtype=np.float32)


def item_knn(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Score:
    """Cosine of items, TF-IDF weighted, k nearest; the user's items vote, each for itself first."""
    matrix = interactions.matrix()
    near = linear.as_matrix(linear.sparse_neighbours(matrix, parameters["k"], shrink=parameters["shrink"]))
    return linear_scores(matrix, csr_matrix(near + identity(near.shape[0], dtype=np.float32)))


def ease(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Score:
    matrix = interactions.matrix()
    return linear_scores(matrix, linear.ease(linear.gram(matrix), ridge=parameters["ridge"]))


def als(interactions: Interactions, end: float, parameters: Parameters, seed: int) -> Score:
    users, items = implicit_als(interactions.matrix(), **parameters, seed=seed)
    return lambda rows: users[rows] @ items.T


def everybody(score: NDArray[Any]) -> Score:
    """The same (n,) scores for each user."""
    return lambda users: np.tile(np.asarray(score, dtype=np.float32), (len(users), 1))


def linear_scores(matrix: csr_matrix, weights: Any) -> Score:
    """X·B, X being what the user bought."""

    def score(users: Indices) -> Matrix:
        product = matrix[users] @ weights
        return np.asarray(product if isinstance(product, np.ndarray) else product.toarray(), dtype=np.float32)

    return score


BASELINES: dict[str, Baseline] = {
    "popularity": Baseline(popularity, {"count": ("buyers", "lines", "log_units", "units")}),
    "recent_popularity": Baseline(recent_popularity, {"days": (30, 7, 14, 60, 90, 3)}),
    "own_frequency": Baseline(own_frequency, {"half_life_days": (1e6, 120.0, 60.0, 30.0, 240.0)}),
    "item_knn": Baseline(item_knn, {"k": (20, 50, 10, 100), "shrink": (0.0, 10.0)}),
    "ease": Baseline(ease, {"ridge": (300.0, 100.0, 1000.0, 200.0, 500.0, 3000.0)}, linear.DENSE_LIMIT),
    "implicit_als": Baseline(
        als,
        {"dimensions": (32,), "ridge": (0.1, 1.0, 10.0, 30.0), "alpha": (1.0, 5.0, 15.0, 40.0), "iterations": (10, 15)},
    ),
}
