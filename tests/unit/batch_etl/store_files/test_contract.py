"""A contract is checked before any file is read by it."""

from __future__ import annotations

from typing import Any

import pytest
from batch_etl.errors import ContractError
from batch_etl.sources.store_files.contract import contract_of
from batch_etl.sources.store_files.contracts_at import shipped

COLUMNS: dict[str, Any] = {"id": {"type": "bigint", "required": True}, "price": {"type": "decimal(10,2)"}}
WHOLE: dict[str, Any] = {"contract": "shop", "table": "shop_sales", "key": "id", "columns": COLUMNS}


def test_the_shipped_contract_is_the_bookstores():
    (bookstore,) = shipped()
    assert (bookstore.table, bookstore.key, bookstore.partitioned_by) == ("store_sales", ("transaction_id",), "genre")
    assert contract_of(bookstore.to_json(), "itself") == bookstore


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": "price"}, "key must name columns with required: true"),
        ({"key": None}, "key must name columns"),
        ({"partitioned_by": "price"}, "partitioned_by must name a column with required: true"),
        ({"table": "gold.fact_orders"}, "table must be lower-case letters, digits and _"),
        ({"tabel": "x"}, "tabel is not known"),
        ({"columns": COLUMNS | {"Price": {}}}, "names are lower-case letters"),
        ({"columns": COLUMNS | {"run_id": {}}}, "names are lower-case letters"),
        ({"columns": COLUMNS | {"amount": {"aliases": ["Price"]}}}, "price names two columns"),
        ({"columns": COLUMNS | {"amount": {"type": "float"}}}, "type 'float' is none of"),
        ({"columns": COLUMNS | {"amount": {"type": "decimal(3,5)"}}}, "type 'decimal(3,5)' is none of"),
        ({"columns": COLUMNS | {"amount": {"positive": True}}}, "only a number can be positive"),
        ({"columns": COLUMNS | {"amount": "string"}}, "an object with"),
    ],
)
def test_what_makes_no_sense_is_named(change, reason):
    with pytest.raises(ContractError, match=r"shop\.yaml") as error:
        contract_of(WHOLE | change, "shop.yaml")
    assert reason in str(error.value)
