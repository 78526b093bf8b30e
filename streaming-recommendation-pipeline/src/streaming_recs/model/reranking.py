"""The second stage: exported trees over a candidate's features, in numpy."""

from __future__ import annotations

import numpy as np

from streaming_recs.model.features import NAMES
from streaming_recs.model.version import Matrix, ModelFormatError, Trees, Vector

_BLOCK = 256  # rows × trees of a block stay in the processor's cache


def tree_scores(trees: Trees, features: Matrix) -> Vector:
    """(r,) sums of the leaves that each row of features (r, f) reaches; all trees of a block of rows step together.

    Raises ModelFormatError when the trees were learnt from other features than those of `features.NAMES`.
    """
    if tuple(trees.features.tolist()) != NAMES:
        raise ModelFormatError("The re-ranker was trained on other features than this code computes. Train it again.")
    result = np.zeros(len(features), dtype=np.float32)
    children = np.column_stack([trees.left, trees.right]).ravel()
    width = features.shape[1]
    for start in range(0, len(features), _BLOCK):
        block = np.ascontiguousarray(features[start : start + _BLOCK]).ravel()
        offset = (np.arange(len(block) // width, dtype=np.int32) * width)[:, None]
        node = np.broadcast_to(trees.roots, (len(offset), len(trees.roots)))
        for _ in range(int(trees.depth)):
            value = block.take(trees.feature.take(node) + offset)
            node = children.take(2 * node + (value > trees.threshold.take(node)))
        result[start : start + _BLOCK] = trees.value.take(node).sum(axis=1)
    return result
