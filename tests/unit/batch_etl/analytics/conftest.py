"""A small shop: four orders of two customers, one of them cancelled."""

from __future__ import annotations

import pandas as pd
import pytest

COLUMNS = "ordernumber orderdate customernumber productcode country status quantity amount cost".split()
LINES = [
    (1, "2024-01-05", 10, "CAR", "France", "Shipped", 2, 20_000, 12_000),
    (1, "2024-01-05", 10, "SHIP", "France", "Shipped", 1, 5_001, 4_000),
    (2, "2024-03-20", 20, "CAR", "USA", "Shipped", 1, 10_000, 6_000),
    (3, "2024-03-21", 20, "SHIP", "USA", "Cancelled", 9, 45_000, 36_000),
    (4, "2024-03-31", 10, "CAR", "France", "In Process", 1, 10_000, 6_000),
]
CUSTOMERS = pd.DataFrame({"customernumber": [10, 20], "customername": ["Atelier", "Toys4"]})
PRODUCTS = pd.DataFrame(
    {"productcode": ["CAR", "SHIP"], "productname": ["1948 Car", "HMS Ship"], "productline": ["Cars", "Ships"]}
)


@pytest.fixture
def bare_lines() -> pd.DataFrame:
    """As Athena returns them."""
    return pd.DataFrame(LINES, columns=COLUMNS)


@pytest.fixture
def lines(bare_lines: pd.DataFrame) -> pd.DataFrame:
    """As the dashboard holds them."""
    named = bare_lines.merge(CUSTOMERS, on="customernumber").merge(PRODUCTS, on="productcode")
    return named.assign(orderdate=pd.to_datetime(named["orderdate"])).sort_values(["ordernumber", "productcode"])
