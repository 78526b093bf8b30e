"""The item of a shopper's history that draws a recommended item most is the one that its reason names."""

from __future__ import annotations

import numpy as np
import pytest
from streaming_recs.model.reasons import strongest


@pytest.mark.parametrize("seed", range(5))
def test_the_strongest_pull_is_found_the_first_of_equals(seed: int) -> None:
    draw = np.random.default_rng(seed)
    near = np.array([draw.permutation(30)[:6] for _ in range(8)], dtype=np.int32)
    near[draw.random(near.shape) < 0.2] = -1
    strength = np.where(near < 0, 0.0, draw.integers(0, 4, near.shape)).astype(np.float32)
    items = draw.permutation(30)[:10].astype(np.int64)
    expected = []
    for item in items.tolist():
        pulls = np.where(near == item, strength, 0).max(axis=1)
        expected.append(int(np.argmax(pulls)) if pulls.max() > 0 else -1)
    assert strongest(near, strength, items, 30).tolist() == expected
