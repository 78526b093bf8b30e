"""The planted shop, trained once for all tests of the model, and the serving functions with all that they need."""

from __future__ import annotations

import pytest
from planted import catalogue, customers, shop
from serving_fixtures import serving, vector_server
from streaming_recs.model.version import ModelVersion
from streaming_recs.training.settings import Settings
from streaming_recs.training.train import train

__all__ = ["serving", "vector_server"]


@pytest.fixture(scope="session")
def model() -> ModelVersion:
    settings = Settings(dimensions=8, recency_weight=0.5, rounds=20)
    return train(shop(), catalogue(), customers(), seed=1, settings=settings)
