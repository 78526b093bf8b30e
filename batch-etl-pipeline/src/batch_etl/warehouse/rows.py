"""Rows of the lake as COPY takes them: CSV made by Arrow on the workers, with the figures that the audit compares.

The driver holds one partition at a time, as lines that go straight to the server.
Source of the format: PostgreSQL documentation, "COPY", CSV Format (null is an empty field, an empty text is "").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from pyspark.sql import DataFrame

_CHUNK = "rows BIGINT, nulCharacters BIGINT, sums STRING, lines BINARY"
_SUM_DIGITS = 38
_NUL = "\0"


@dataclass(frozen=True)
class Chunk:
    """Some rows: how many, the exact sum of each numeric column, and the rows themselves as CSV.

    nul_characters: values that lost the character NUL, which PostgreSQL's text cannot hold.
    """

    rows: int
    nul_characters: int
    sums: Mapping[str, Decimal]
    lines: bytes


@dataclass
class Figures:
    """What a table comes to: its rows, and the exact sum of each numeric column."""

    rows: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        self.rows += chunk.rows
        for column, amount in chunk.sums.items():
            self.sums[column] = self.sums.get(column, Decimal(0)) + amount


def chunks(rows: DataFrame, columns: Sequence[str]) -> Iterator[Chunk]:
    """All rows, with these columns in this order; a partition is fetched while the one before it is used."""

    names = list(columns)

    def convert(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            # Spark drops an alias that differs by case alone.
            made = to_chunk(pa.RecordBatch.from_arrays(batch.columns, names=names))
            sums = json.dumps({column: str(amount) for column, amount in made.sums.items()})
            yield pa.RecordBatch.from_pydict(
                {
                    "rows": [made.rows],
                    "nulCharacters": [made.nul_characters],
                    "sums": [sums],
                    "lines": pa.array([made.lines], pa.binary()),
                }
            )

    for row in rows.select(names).mapInArrow(convert, _CHUNK).toLocalIterator(prefetchPartitions=True):
        sums = {column: Decimal(amount) for column, amount in json.loads(row["sums"]).items()}
        yield Chunk(row["rows"], row["nulCharacters"], sums, bytes(row["lines"]))


def to_chunk(batch: pa.RecordBatch) -> Chunk:
    """The batch as CSV without a header."""
    cleaned, nul_characters = _without_nul(batch)
    buffer = BytesIO()
    csv.write_csv(cleaned, buffer, csv.WriteOptions(include_header=False))
    return Chunk(batch.num_rows, nul_characters, _sums(batch), buffer.getvalue())


def _sums(batch: pa.RecordBatch) -> dict[str, Decimal]:
    sums = {}
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_decimal(values.type) or pa.types.is_integer(values.type):
            # Sums of keys pass 64 bits.
            scale = values.type.scale if pa.types.is_decimal(values.type) else 0
            total = pc.sum(values.cast(pa.decimal128(_SUM_DIGITS, scale))).as_py()
            sums[name] = Decimal(0) if total is None else total
    return sums


def _without_nul(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    columns, found = [], 0
    for values in batch.columns:
        kept = values
        if pa.types.is_string(values.type):
            damaged = pc.sum(pc.match_substring(values, _NUL)).as_py() or 0
            if damaged:
                kept, found = pc.replace_substring(values, _NUL, ""), found + damaged
        columns.append(kept)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names), found
