"""The second stage: exported trees over a candidate's features, in numpy.

A tenth of the trees draws up a short list, the others score that alone: on Online Retail recall stays within 0.003 and
a list takes half the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.features import NAMES, places
from streaming_recs.model.version import Indices, Matrix, ModelFormatError, Trees, Vector

SHORT_LIST = 40  # candidates of a shopper that all trees score
_EARLY, _LEAST_EARLY = 0.1, 20  # share and number of the trees that come first
_CELLS = 16_384  # rows × trees of a block: its arrays stay in the processor's cache


@dataclass(frozen=True)
class Forest:
    """Trees filled up to one depth, level by level, so that a node's children need no table: of node p of a level they
    are 2p and 2p + 1 of the next. NumPy's own index type makes the steps half as long."""

    feature: list[NDArray[np.intp]]  # of each level: (t · 2^level,)
    threshold: list[Vector]
    value: Vector  # (t · 2^depth,) the leaves

    @classmethod
    def of(cls, trees: Trees, roots: NDArray[np.int32]) -> Forest:
        """Raises ModelFormatError when the trees were learnt from other features than those of `features.NAMES`."""
        if tuple(trees.features.tolist()) != NAMES:
            raise ModelFormatError(
                "The re-ranker was trained on other features than this code computes. Train it again."
            )
        node, feature, threshold = roots, [], []
        for _ in range(int(trees.depth)):
            feature.append(trees.feature[node].astype(np.intp))
            threshold.append(trees.threshold[node])
            node = np.column_stack([trees.left[node], trees.right[node]]).ravel()
        return cls(feature, threshold, trees.value[node])


def shortlist_scores(trees: Trees, features: Matrix, row: Indices) -> Vector:
    """(r,) scores of the candidates of shoppers `row` (r,), ascending; those off the short list stay behind it, in the
    order of the early trees."""
    early, late = _stages(trees)
    score = forest_scores(early, features)
    listed = places(row, score) < SHORT_LIST
    full = score[listed] + forest_scores(late, features[listed])
    if not listed.all():
        score -= max(0.0, float(score[~listed].max() - full.min())) + 1
    score[listed] = full
    return score


@lru_cache(maxsize=8)  # two re-rankers of each version that a process holds on to
def _stages(trees: Trees) -> tuple[Forest, Forest]:
    early = max(_LEAST_EARLY, int(_EARLY * len(trees.roots)))
    return Forest.of(trees, trees.roots[:early]), Forest.of(trees, trees.roots[early:])


def tree_scores(trees: Trees, features: Matrix) -> Vector:
    """(r,) sums of the leaves that each row of features (r, f) reaches; raises ModelFormatError as `Forest.of`."""
    return forest_scores(Forest.of(trees, trees.roots), features)


def forest_scores(forest: Forest, features: Matrix) -> Vector:
    """(r,) sums of the leaves that each row of features (r, f) reaches; all trees of a block of rows step together."""
    depth, width = len(forest.feature), features.shape[1]
    trees = len(forest.value) >> depth
    result = np.empty(len(features), dtype=np.float32)
    rows = max(1, _CELLS // max(1, trees))
    # Made once: arrays of every step of every block would cost a fifth of the time.
    node_of, cell_of = np.empty((2, rows, trees), dtype=np.intp)
    value_of, threshold_of = np.empty((2, rows, trees), dtype=np.float32)
    for start in range(0, len(features), rows):
        block = np.ascontiguousarray(features[start : start + rows])
        some = slice(len(block))
        node, cell, value, threshold = node_of[some], cell_of[some], value_of[some], threshold_of[some]
        offset = (np.arange(len(block)) * width)[:, None]
        node[:] = np.arange(trees)
        for feature_of, limit_of in zip(forest.feature, forest.threshold, strict=True):
            # No check of bounds: the check of names makes it needless.
            feature_of.take(node, mode="clip", out=cell)
            cell += offset
            block.take(cell, mode="clip", out=value)
            limit_of.take(node, mode="clip", out=threshold)
            node *= 2
            node += value > threshold
        forest.value.take(node, mode="clip", out=value).sum(axis=1, out=result[start : start + rows])
    return result
