"""JSON values as values of Hive columns, by either deserializer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from local_aws.services.firehose_types import MalformedError, Serde, column

OPENX, HIVE = Serde(lenient=True), Serde(lenient=False)
NOON = datetime(2017, 2, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "arrow"),
    [
        ("bigint", pa.int64()),
        ("decimal(21,2)", pa.decimal128(21, 2)),
        ("varchar(20)", pa.string()),
        ("array<int>", pa.list_(pa.int32())),
        ("map<string,array<double>>", pa.map_(pa.string(), pa.list_(pa.float64()))),
        ("struct<a:string,b:struct<c:decimal(5,1),d:boolean>>",
         pa.struct([("a", pa.string()), ("b", pa.struct([("c", pa.decimal128(5, 1)), ("d", pa.bool_())]))])),
    ],
)  # fmt: skip
def test_types_are_parsed_however_deep(kind: str, arrow: pa.DataType) -> None:
    assert column(kind, OPENX).arrow == arrow


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        ("int", 7, 7),
        ("string", 1.5, "1.5"),
        ("string", {"a": [1]}, '{"a":[1]}'),
        ("double", 3, 3.0),
        ("decimal(10,2)", 12.345, Decimal("12.35")),
        ("date", "2017-02-07", date(2017, 2, 7)),
        ("timestamp", "2017-02-07 12:00:00", NOON),
        ("array<struct<a:int>>", [{"A": 1, "x": 2}, {}], [{"a": 1}, {"a": None}]),
        ("map<string,int>", {"Red": 1}, [("red", 1)]),
        ("int", None, None),
    ],
)
@pytest.mark.parametrize("serde", [OPENX, HIVE], ids=["openx", "hive"])
def test_both_read_what_fits(serde: Serde, kind: str, given: Any, read: Any) -> None:
    assert column(kind, serde).read(given) == read


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        ("int", "7", 7),
        ("double", "1.5", 1.5),
        ("boolean", "TRUE", True),
        ("timestamp", "2017-02-07T12:00:00.000000001Z", NOON),
        ("timestamp", 1486468800, NOON),
        ("timestamp", 1486468800000, NOON),
        ("timestamp", "1486468800", NOON),
    ],
)
def test_openx_reads_what_hive_refuses(kind: str, given: Any, read: Any) -> None:
    assert column(kind, OPENX).read(given) == read
    with pytest.raises(MalformedError):
        column(kind, HIVE).read(given)


def test_hive_reads_milliseconds_when_told_so() -> None:
    assert column("timestamp", Serde(lenient=False, timestamp_formats=("millis",))).read(1486468800000) == NOON


@pytest.mark.parametrize(
    ("kind", "given"),
    [("int", 1 << 40), ("int", "many"), ("int", 1.5), ("int", True), ("boolean", 1), ("array<int>", {"a": 1}),
     ("struct<a:int>", [1]), ("decimal(4,2)", 123), ("timestamp", "yesterday"), ("date", "soon")],
)  # fmt: skip
def test_what_does_not_fit_is_malformed(kind: str, given: Any) -> None:
    with pytest.raises(MalformedError):
        column(kind, OPENX).read(given)


def test_a_type_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="uniontype"):
        column("uniontype<int>", OPENX)
