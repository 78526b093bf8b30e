"""What becomes of a record's values on their way into Parquet."""

from __future__ import annotations

import io
from decimal import Decimal

import pyarrow.parquet as pq
from local_aws.services.firehose_convert import convert

CONVERSION = {
    "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
    "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
}
COLUMNS = [{"Name": "amount", "Type": "decimal(38,0)"}, {"Name": "note", "Type": "string"}]


def test_a_number_of_many_digits_keeps_them_all() -> None:
    digits = 123456789012345678901234567
    record = f'{{"amount": {digits}, "Note": {digits}}}'.encode()
    converted = convert([record, b'{"note": "one"} {"note": "two"}', b"no JSON"], COLUMNS, CONVERSION)
    assert converted.parquet is not None
    assert pq.read_table(io.BytesIO(converted.parquet)).to_pylist() == [
        {"amount": Decimal(digits), "note": str(digits)},
        {"amount": None, "note": "one"},
        {"amount": None, "note": "two"},
    ]
    assert [index for index, _ in converted.bad] == [2]
