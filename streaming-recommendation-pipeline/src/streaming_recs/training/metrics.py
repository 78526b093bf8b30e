"""How good a ranked list is, user by user, and how sure the mean is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.version import Indices

DEPTH = 100  # how far down a list is looked at
NAMES = ("recall_at_20", "ndcg_at_10", "ndcg_at_100", "mrr")
_DISCOUNT = 1 / np.log2(np.arange(2, DEPTH + 2))
_RESAMPLES = 1000

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Each metric's value for each test user (u,), and the share of the catalogue that was shown at 20."""

    values: dict[str, Values]
    coverage: float

    def summary(self, seed: int) -> dict[str, float | list[float]]:
        """Means, and the 95 % bootstrap interval of the truncated recall."""
        means: dict[str, float | list[float]] = {name: float(value.mean()) for name, value in self.values.items()}
        low, high = interval(self.values["recall_at_20"], seed)
        return means | {"recall_at_20_interval": [low, high], "coverage": self.coverage}


def scored(ranked: Indices, truth: list[set[int]], items: int) -> Scored:
    """ranked: (u, k) item positions, best first, -1 pads; truth: what each user bought, never empty.

    recall_at_20 is truncated: hits / min(20, |truth|). NDCG's ideal list is as long as the truth and the list allow.
    """
    hits = np.zeros((len(ranked), DEPTH))
    for row, (shown, bought) in enumerate(zip(ranked[:, :DEPTH].tolist(), truth, strict=True)):
        hits[row, : len(shown)] = [item in bought for item in shown]
    sizes = np.array([len(bought) for bought in truth])
    first = np.where(hits.any(axis=1), hits.argmax(axis=1), DEPTH)
    values = {
        "recall_at_20": hits[:, :20].sum(axis=1) / np.minimum(20, sizes),
        "ndcg_at_10": _ndcg(hits, sizes, 10),
        "ndcg_at_100": _ndcg(hits, sizes, DEPTH),
        "mrr": np.where(first < DEPTH, 1 / (first + 1.0), 0.0),
    }
    shown_items = np.unique(ranked[:, :20])
    return Scored(values, float(np.count_nonzero(shown_items >= 0) / items))


def _ndcg(hits: NDArray[np.float64], sizes: NDArray[np.int64], depth: int) -> Values:
    ideal = np.cumsum(_DISCOUNT[:depth])
    return np.asarray(hits[:, :depth] @ _DISCOUNT[:depth] / ideal[np.minimum(sizes, depth) - 1])


def interval(values: Values, seed: int) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean (Efron 1979), percentile form, users resampled."""
    means = resampled_means(values, seed)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def resampled_means(values: Values, seed: int) -> Values:
    """(1000,) means of resampled users."""
    draw = np.random.default_rng(seed)
    return np.array([values[draw.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES)])
