"""Reading MySQL: the contract with its columns, and its text protocol turned into Arrow."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from batch_etl.errors import SourceColumnMissing, SourceTableMissing, SourceTypeChanged
from batch_etl.schemas import SOURCE_TABLES
from batch_etl.sources.contract import CatalogColumn, SourceColumn, SourceTable, check_contract
from batch_etl.sources.decoding import decode
from pyspark.sql import types as t

_KINDS = {t.IntegerType: "int", t.StringType: "varchar", t.DateType: "date", t.BinaryType: "mediumblob"}


def column(table, name, kind, precision=None, scale=None):
    return CatalogColumn(table, name, kind, kind, precision, scale)


def catalog(without=("ratings",)):
    columns = []
    for table, schema in SOURCE_TABLES.items():
        for field in schema:
            if isinstance(field.dataType, t.DecimalType):
                columns.append(column(table, field.name, "decimal", 10, 2))
            else:
                columns.append(column(table, field.name, _KINDS.get(type(field.dataType), "timestamp")))
    return [known for known in columns if known.table not in without]


def replaced(changed):
    return [changed if (c.table, c.name) == (changed.table, changed.name) else c for c in catalog()]


def test_the_well_known_dump_has_no_ratings_and_that_is_fine():
    assert [table.name for table in check_contract("classicmodels", catalog())] == [*SOURCE_TABLES][:-1]


def test_a_missing_table_is_named_with_a_remedy():
    with pytest.raises(SourceTableMissing, match=r"shop\.orderdetails not found in the source\. Load the schema"):
        check_contract("shop", catalog(without=("orderdetails", "ratings")))


def test_a_missing_column_is_named():
    columns = [known for known in catalog() if known.name != "priceEach"]
    with pytest.raises(SourceColumnMissing, match=r"shop\.orderdetails\.priceEach .* decimal\(10,2\)"):
        check_contract("shop", columns)


@pytest.mark.parametrize(
    "changed",
    [
        column("orderdetails", "priceEach", "double"),
        column("orderdetails", "priceEach", "decimal", 10, 4),
        column("orderdetails", "priceEach", "decimal", 12, 2),
        column("orders", "orderDate", "datetime"),
        column("orders", "orderNumber", "bigint"),
        column("orders", "orderNumber", "varchar"),
    ],
)
def test_a_type_that_no_longer_fits_is_refused(changed):
    with pytest.raises(SourceTypeChanged, match=f"{changed.table}.{changed.name} is {changed.kind}"):
        check_contract("shop", replaced(changed))


@pytest.mark.parametrize(
    "changed",
    [
        column("orders", "orderNumber", "smallint"),
        column("orders", "status", "enum"),
        column("customers", "creditLimit", "decimal", 8, 2),
    ],
)
def test_a_narrower_type_fits(changed):
    check_contract("shop", replaced(changed))


def test_further_columns_come_after_the_contracts():
    tables = check_contract("shop", [*catalog(), column("Orders", "updatedAt", "timestamp")])
    orders = next(table for table in tables if table.name == "orders")
    assert orders.columns[-1] == SourceColumn("updatedAt", pa.timestamp("us", "UTC"), expected=False)


def table(*columns):
    return SourceTable("orders", "orders", tuple(columns))


NUMBER = SourceColumn("orderNumber", pa.int32(), True)
DAY = SourceColumn("orderDate", pa.date32(), True)


def test_values_become_their_types():
    kinds = [pa.int32(), pa.decimal128(10, 2), pa.date32(), pa.timestamp("us", "UTC"), pa.string(), pa.binary()]
    columns = [SourceColumn(f"c{place}", kind, True) for place, kind in enumerate(kinds)]
    row = (b"-7", b"99999999.99", b"2004-02-29", b"2004-02-29 23:59:59.000001", "Zoë 🚗".encode(), b"\x00\xff")
    decoded = decode([row, (None,) * 6], table(*columns))
    assert [tuple(found.values()) for found in decoded.good.to_pylist()] == [
        (
            -7,
            Decimal("99999999.99"),
            date(2004, 2, 29),
            datetime(2004, 2, 29, 23, 59, 59, 1, UTC),
            "Zoë 🚗",
            b"\x00\xff",
        ),
        (None,) * 6,
    ]


@pytest.mark.parametrize("bad", [b"0000-00-00", b"2004-02-00", b"2004-02-31"])
def test_a_zero_date_rejects_its_row_with_the_reason_and_the_others_pass(bad):
    decoded = decode([(b"1", b"2004-01-01"), (b"2", bad), (b"3", None)], table(NUMBER, DAY))
    assert decoded.good.column("orderNumber").to_pylist() == [1, 3]
    (rejected,) = decoded.rejected.to_pylist()
    assert rejected["reason"] == f"orderDate {bad.decode()!r} is no date"
    assert (rejected["tableName"], rejected["field"]) == ("orders", "orderDate")
    assert json.loads(rejected["record"]) == {"orderNumber": "2", "orderDate": bad.decode()}


def test_text_that_is_no_utf8_rejects_its_row():
    decoded = decode([(b"1", b"\xff"), (b"2", b"ok")], table(NUMBER, SourceColumn("status", pa.string(), True)))
    assert decoded.good.column("status").to_pylist() == ["ok"]
    assert decoded.rejected.num_rows == 1


def test_a_bad_value_in_a_further_column_becomes_null_and_is_counted():
    further = SourceColumn("deletedAt", pa.timestamp("us", "UTC"), expected=False)
    decoded = decode([(b"1", b"0000-00-00 00:00:00"), (b"2", b"2004-01-01 00:00:00")], table(NUMBER, further))
    assert decoded.good.column("orderNumber").to_pylist() == [1, 2]
    assert decoded.good.column("deletedAt").to_pylist() == [None, datetime(2004, 1, 1, tzinfo=UTC)]
    assert decoded.blanked == {"deletedAt": 1}
