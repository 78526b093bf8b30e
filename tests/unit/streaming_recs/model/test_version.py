"""A model version survives its own bytes, and refuses what does not fit."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from planted import catalogue, customers, shop
from streaming_recs.model.features import NAMES
from streaming_recs.model.version import ModelFormatError, ModelVersion, Trees
from streaming_recs.training.settings import Settings
from streaming_recs.training.train import train


@pytest.fixture(scope="module")
def version() -> ModelVersion:
    trained = train(shop(), catalogue(), customers(), seed=1, settings=Settings(dimensions=2, rerank=False))
    leaf = np.zeros(1, dtype=np.int32)
    trees = Trees(
        np.array(NAMES), leaf, leaf, np.array([np.inf], np.float32), leaf, leaf, np.ones(1, np.float32), leaf[0]
    )
    return replace(trained, discovery=trees, metrics={"new": {"recall_at_20": 0.15}})


def test_the_bytes_of_a_version_are_the_version(version: ModelVersion) -> None:
    again = ModelVersion.from_bytes(version.to_bytes())

    assert again.to_bytes() == version.to_bytes()
    assert again.metrics == version.metrics
    assert again.data == version.data
    np.testing.assert_array_equal(again.item_vectors, version.item_vectors)
    np.testing.assert_array_equal(
        again.place_priors["france|capital of france"], version.place_priors["france|capital of france"]
    )
    np.testing.assert_array_equal(again.histories.last_age, version.histories.last_age)
    assert again.discovery is not None
    assert again.index("P0-02") == 2
    assert again.index("unknown") is None
    assert again.user_index(101) == 1


def test_a_version_from_before_ratings_weighed_weighs_every_purchase_alike(version: ModelVersion) -> None:
    with np.load(io.BytesIO(version.to_bytes()), allow_pickle=False) as archive:
        older = {name: archive[name] for name in archive.files if name != "histories.weight"}
    written = io.BytesIO()
    np.savez_compressed(written, **older)
    assert set(ModelVersion.from_bytes(written.getvalue()).histories.weight.tolist()) == {1.0}


def test_a_version_without_reranker_stays_without(version: ModelVersion) -> None:
    assert ModelVersion.from_bytes(replace(version, discovery=None).to_bytes()).discovery is None


def test_a_vector_of_another_dimension_is_refused_by_name(version: ModelVersion) -> None:
    with pytest.raises(ModelFormatError, match=r"user_vectors has shape \(160, 3\), not \(160, 2\)"):
        replace(version, user_vectors=np.zeros((160, 3), dtype=np.float32))


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(ModelFormatError, match="no model version"):
        ModelVersion.from_bytes(b"id,embedding\n")
