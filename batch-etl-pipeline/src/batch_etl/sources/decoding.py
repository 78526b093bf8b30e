"""MySQL's text protocol to Arrow, column by column.

The driver hands over each value as the bytes the server sent. Arrow converts a whole column at once; only a column in
which something is wrong is looked at value by value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from batch_etl.schemas import REJECTED_ROWS
from batch_etl.sources.contract import SourceColumn, SourceTable

RawRow = Sequence[bytes | None]

REJECTED = pa.schema([(name, pa.string()) for name in REJECTED_ROWS.fieldNames()])


@dataclass(frozen=True)
class Decoded:
    """`good` rows in the table's types; `rejected` rows as REJECTED; `blanked`: values of further columns made null."""

    good: pa.RecordBatch
    rejected: pa.RecordBatch
    blanked: dict[str, int]


def decode(rows: Sequence[RawRow], table: SourceTable) -> Decoded:
    """Convert raw rows. A bad value in a contract column rejects its row; in a further one it becomes null."""
    arrays: list[pa.Array] = []
    findings: dict[int, SourceColumn] = {}
    blanked: dict[str, int] = {}
    for column, values in zip(table.columns, zip(*rows, strict=True), strict=True):
        array, bad = _column(values, column.arrow)
        arrays.append(array)
        if bad and column.expected:
            findings |= {place: column for place in bad if place not in findings}
        elif bad:
            blanked[column.name] = len(bad)
    batch = pa.RecordBatch.from_arrays(arrays, schema=table.arrow_schema)
    if not findings:
        return Decoded(batch, _rejected([]), blanked)
    keep = pa.array([place not in findings for place in range(len(rows))])
    records = [_finding(table, rows[place], column) for place, column in sorted(findings.items())]
    return Decoded(batch.filter(keep), _rejected(records), blanked)


def _column(values: Sequence[bytes | None], arrow: pa.DataType) -> tuple[pa.Array, list[int]]:
    """The values in their type, and the places of those that have none."""
    raw = pa.array(values, pa.binary())
    if pa.types.is_binary(arrow):
        return raw, []
    try:
        return _cast(raw, arrow), []
    except pa.ArrowInvalid:
        converted = [None if value is None else _single(value, arrow) for value in values]
        bad = [place for place, value in enumerate(values) if value is not None and converted[place] is None]
        return pa.array(converted, arrow), bad


def _cast(raw: pa.Array, arrow: pa.DataType) -> pa.Array:
    text = raw.cast(pa.string())
    if pa.types.is_timestamp(arrow):
        # The session's time zone is UTC, so the naive text is UTC.
        return text.cast(pa.timestamp("us")).cast(arrow)
    return text if pa.types.is_string(arrow) else text.cast(arrow)


def _single(value: bytes, arrow: pa.DataType) -> object | None:
    try:
        scalar: object = _cast(pa.array([value], pa.binary()), arrow)[0].as_py()
    except (pa.ArrowInvalid, ValueError):
        return None
    return scalar


def _finding(table: SourceTable, row: RawRow, column: SourceColumn) -> dict[str, str]:
    place = [known.name for known in table.columns].index(column.name)
    value = _text(row[place])
    kind = {pa.date32(): "date", pa.timestamp("us", "UTC"): "timestamp"}.get(column.arrow, str(column.arrow))
    return {
        "tableName": table.name,
        "field": column.name,
        "reason": f"{column.name} {value!r} is no {kind}",
        "remedy": f"Correct {column.name} in the source (NULL where nothing is known), then run the job again.",
        "record": json.dumps(
            {known.name: _text(cell) for known, cell in zip(table.columns, row, strict=True)}, ensure_ascii=False
        ),
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def _rejected(records: list[dict[str, str]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(records, schema=REJECTED)
