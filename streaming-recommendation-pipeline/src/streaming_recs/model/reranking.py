"""The second stage: exported trees over a candidate's features, in numpy."""

from __future__ import annotations

import numpy as np

from streaming_recs.model.version import Matrix, Trees, Vector

_BLOCK = 4096


def tree_scores(trees: Trees, features: Matrix) -> Vector:
    """(r,) sums of the leaves that each row of features (r, f) reaches; all trees of a block of rows step together."""
    result = np.zeros(len(features), dtype=np.float32)
    for start in range(0, len(features), _BLOCK):
        block = features[start : start + _BLOCK]
        rows = np.arange(len(block))[:, None]
        node = np.broadcast_to(trees.roots, (len(block), len(trees.roots)))
        for _ in range(int(trees.depth)):
            right = block[rows, trees.feature[node]] > trees.threshold[node]
            node = np.where(right, trees.right[node], trees.left[node])
        result[start : start + _BLOCK] = trees.value[node].sum(axis=1)
    return result
