"""A model version survives its own bytes, and refuses what does not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streaming_recs.model.version import (
    Attributes,
    Histories,
    ModelFormatError,
    ModelVersion,
    Neighbours,
    Trees,
)


@pytest.fixture
def version() -> ModelVersion:
    draw = np.random.default_rng(3)

    def floats(*shape: int) -> np.ndarray:
        return draw.normal(size=shape).astype(np.float32)

    return ModelVersion(
        version="20261121T123456Z-ab12cd34",
        items=np.array(["S10_1678", "S10_1949", "S12_1099"]),
        item_vectors=floats(3, 2),
        input_vectors=floats(3, 2),
        recency=floats(3),
        recency_weight=0.4,
        popularity=floats(3),
        gram=floats(2, 2),
        prior=floats(2),
        prior_weight=1.0,
        ridge=10.0,
        users=np.array([103, 112]),
        user_vectors=floats(2, 2),
        place_priors={"france": floats(2), "france|nantes": floats(2)},
        credit_edges=np.array([50_000.0], dtype=np.float32),
        credit_priors=floats(2, 2),
        attributes=Attributes(
            np.array(["Motorcycles", "Classic Cars", ""]),
            np.array([95.7, 214.3, np.nan]),
            np.array([True, True, False]),
        ),
        histories=Histories(
            starts=np.array([0, 1, 1]),
            item=np.array([2], dtype=np.int32),
            times=np.array([4], dtype=np.float32),
            first_age=np.array([90], dtype=np.float32),
            last_age=np.array([2], dtype=np.float32),
        ),
        neighbours=Neighbours(np.array([[1], [0], [-1]], dtype=np.int32), floats(3, 1)),
        reranker=Trees(
            features=np.array(["score"]),
            roots=np.array([0], dtype=np.int32),
            feature=np.array([0], dtype=np.int32),
            threshold=np.array([0.5], dtype=np.float32),
            left=np.array([-1], dtype=np.int32),
            right=np.array([-2], dtype=np.int32),
            leaf_value=np.array([0.1, 0.9], dtype=np.float32),
        ),
        metrics={"new": {"recall_at_20": 0.15}},
        data={"snapshots": {"ratings_ml_training": 42}, "rows": 7},
    )


def test_the_bytes_of_a_version_are_the_version(version: ModelVersion) -> None:
    again = ModelVersion.from_bytes(version.to_bytes())

    assert again.to_bytes() == version.to_bytes()
    assert again.metrics == version.metrics
    assert again.data == version.data
    np.testing.assert_array_equal(again.item_vectors, version.item_vectors)
    np.testing.assert_array_equal(again.place_priors["france|nantes"], version.place_priors["france|nantes"])
    np.testing.assert_array_equal(again.histories.last_age, version.histories.last_age)
    assert again.reranker is not None
    assert again.index("S12_1099") == 2
    assert again.index("unknown") is None
    assert again.user_index(112) == 1


def test_a_version_without_reranker_stays_without(version: ModelVersion) -> None:
    assert ModelVersion.from_bytes(replace(version, reranker=None).to_bytes()).reranker is None


def test_a_vector_of_another_dimension_is_refused_by_name(version: ModelVersion) -> None:
    with pytest.raises(ModelFormatError, match=r"user_vectors has shape \(2, 3\), not \(2, 2\)"):
        replace(version, user_vectors=np.zeros((2, 3), dtype=np.float32))


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(ModelFormatError, match="no model version"):
        ModelVersion.from_bytes(b"id,embedding\n")
