"""Trees score a short list whole; what is off it stays behind, in the order of the early trees."""

from __future__ import annotations

import numpy as np
import pytest
from streaming_recs.model.features import NAMES
from streaming_recs.model.reranking import SHORT_LIST, shortlist_scores, tree_scores
from streaming_recs.model.version import Trees

TREES = 60


@pytest.fixture
def trees() -> Trees:
    """Stumps: tree t asks whether feature t % f is above a threshold of its own."""
    draw = np.random.default_rng(1)
    nodes = np.arange(3 * TREES, dtype=np.int32)
    root, inner = nodes[::3], nodes % 3 == 0
    return Trees(
        features=np.array(NAMES), roots=root,
        feature=np.where(inner, nodes // 3 % len(NAMES), 0).astype(np.int32),
        threshold=np.where(inner, draw.normal(size=len(nodes)), np.inf).astype(np.float32),
        left=np.where(inner, nodes + 1, nodes).astype(np.int32),
        right=np.where(inner, nodes + 2, nodes).astype(np.int32),
        value=np.where(inner, 0, draw.normal(size=len(nodes))).astype(np.float32),
        depth=np.int32(1),
    )  # fmt: skip


def test_a_list_that_is_short_is_scored_by_all_trees(trees: Trees) -> None:
    features = np.random.default_rng(2).normal(size=(SHORT_LIST + 30, len(NAMES))).astype(np.float32)
    row = np.repeat([0, 1], [SHORT_LIST, 30])
    np.testing.assert_allclose(shortlist_scores(trees, features, row), tree_scores(trees, features), rtol=1e-5)


def test_of_a_long_list_the_best_of_the_early_trees_are_scored_by_all(trees: Trees) -> None:
    features = np.random.default_rng(3).normal(size=(500, len(NAMES))).astype(np.float32)
    row = np.repeat([0, 1], [300, 200])
    scores = shortlist_scores(trees, features, row)
    for shopper in (0, 1):
        mine = np.flatnonzero(row == shopper)
        order = mine[np.argsort(-scores[mine], kind="stable")]
        early = tree_scores(Trees(**vars(trees) | {"roots": trees.roots[:20]}), features)
        listed = set(mine[np.argsort(-early[mine], kind="stable")][:SHORT_LIST].tolist())
        assert set(order[:SHORT_LIST].tolist()) == listed
        np.testing.assert_allclose(
            scores[order[:SHORT_LIST]], tree_scores(trees, features)[order[:SHORT_LIST]], rtol=1e-4
        )
        assert (np.diff(early[order[SHORT_LIST:]]) <= 1e-6).all()
