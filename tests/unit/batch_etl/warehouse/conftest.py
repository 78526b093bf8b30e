"""One PostgreSQL for the tests of the warehouse, emptied for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from warehouse_world import SmallLake, WarehouseDatabase, warehouse_database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarehouseDatabase]:
    folder: Path = tmp_path_factory.mktemp("warehouse")
    with warehouse_database(folder) as running:
        yield running


@pytest.fixture
def database(server: WarehouseDatabase) -> WarehouseDatabase:
    server.empty()
    return server


@pytest.fixture
def small_lake() -> SmallLake:
    return SmallLake()
