"""What a crawler makes of one file: format, columns in Glue's words, rows."""

import bz2
import gzip
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_aws.services.glue_crawler_files import HEAD_BYTES, FileSchema, classify
from local_aws.services.glue_crawler_types import all_columns, merged, of_arrow


@dataclass
class Bytes:
    body: bytes

    @property
    def size(self) -> int:
        return len(self.body)

    def read(self, start: int, length: int) -> bytes:
        return self.body[start : start + length]


def found(body: bytes | str) -> FileSchema:
    schema = classify(Bytes(body.encode() if isinstance(body, str) else body))
    assert schema is not None
    return schema


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def test_parquet_is_read_from_its_footer():
    row = {
        "Id": 1,
        "small": 2,
        "price": Decimal("9.90"),
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "day": date(2026, 1, 1),
        "flag": True,
        "ratio": 0.5,
        "tags": ["a"],
        "who": {"Name": "x"},
        "raw": b"x",
        "text": "t",
    }
    kinds = {
        "Id": pa.int64(), "small": pa.int16(), "price": pa.decimal128(10, 2), "at": pa.timestamp("us", tz="UTC"),
        "day": pa.date32(), "flag": pa.bool_(), "ratio": pa.float32(), "tags": pa.list_(pa.string()),
        "who": pa.struct([("Name", pa.string())]), "raw": pa.binary(), "text": pa.dictionary(pa.int32(), pa.string()),
    }  # fmt: skip
    schema = found(parquet(pa.Table.from_pylist([row] * 3, schema=pa.schema(kinds))))
    assert (schema.format, schema.rows, schema.compression) == ("parquet", 3, "none")
    assert schema.columns == {
        "id": "bigint", "small": "smallint", "price": "decimal(10,2)", "at": "timestamp", "day": "date",
        "flag": "boolean", "ratio": "float", "tags": "array<string>", "who": "struct<name:string>", "raw": "binary",
        "text": "string",
    }  # fmt: skip


def test_a_footer_longer_than_the_first_look_is_read_whole():
    wide = pa.table({f"column_{n}_{'x' * 60}": pa.array([n]) for n in range(1500)})
    assert len(found(parquet(wide)).columns) == 1500


def test_unsigned_integers_take_the_next_size():
    assert [of_arrow(kind) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())] == [
        "smallint", "int", "bigint", "decimal(20,0)",
    ]  # fmt: skip


def test_json_lines_give_the_types_that_hold_every_row():
    lines = [
        {"id": 1, "Big": 2**40, "price": 1, "items": [{"sku": "a", "n": 1}], "note": None, "mixed": 1},
        {"id": 2, "Big": 5, "price": 2.5, "items": [{"sku": "b", "gift": True}], "note": "x", "mixed": "one"},
    ]
    schema = found("\n".join(json.dumps(line) for line in lines))
    assert (schema.format, schema.rows) == ("json", 2)
    assert schema.columns == {
        "id": "int", "big": "bigint", "price": "double",
        "items": "array<struct<sku:string,n:int,gift:boolean>>", "note": "string", "mixed": "string",
    }  # fmt: skip


def test_a_json_array_is_one_column_as_glue_has_it():
    assert found('[{"id": 1}, {"id": 2}]').columns == {"array": "array<struct<id:int>>"}


def test_csv_with_a_header_that_differs_from_its_rows():
    schema = found("Order Id,price,shop\n1,9.50,north\n2,8,south\n")
    assert schema.columns == {"order id": "bigint", "price": "double", "shop": "string"}
    assert schema.rows == 2
    assert schema.details == {
        "delimiter": ",", "columnsOrdered": "true", "areColumnsQuoted": "false", "skip.header.line.count": "1",
    }  # fmt: skip


def test_csv_of_text_alone_shows_no_header_to_the_built_in_classifier():
    schema = found("name|town\nann|york\n")
    assert schema.columns == {"col0": "string", "col1": "string"}
    assert (schema.details["delimiter"], schema.rows) == ("|", 2)


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (bz2.compress, "bzip2")])
def test_compressed_text_is_opened(pack, name):
    schema = found(pack(b'{"id": 1}\n{"id": 2}\n'))
    assert (schema.format, schema.compression, schema.columns) == ("json", name, {"id": "int"})


def test_of_a_large_text_the_head_speaks_for_the_whole():
    line = b'{"id": 1, "text": "' + b"x" * 80 + b'"}\n'
    body = line * (3 * HEAD_BYTES // len(line))
    assert found(body).rows == pytest.approx(body.count(b"\n"), rel=0.01)


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"\x00\x01\xff\xfe", b"PAR1 cut", b"one,two,three\nfour\n", b'{"id": 1}\n{"id": ']
)
def test_what_no_classifier_knows_is_nothing(body):
    assert classify(Bytes(body)) is None


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("int", "bigint", "bigint"),
        ("bigint", "double", "double"),
        ("decimal(10,2)", "decimal(8,4)", "decimal(12,4)"),
        ("int", "string", "string"),
        ("date", "timestamp", "string"),
    ],
)
def test_a_column_of_two_types(one, other, both):
    assert merged(one, other) == merged(other, one) == both


def test_columns_keep_the_order_in_which_they_came():
    assert all_columns([{"a": "int", "b": "string"}, {"c": "int", "a": "bigint"}]) == {
        "a": "bigint", "b": "string", "c": "int",
    }  # fmt: skip
