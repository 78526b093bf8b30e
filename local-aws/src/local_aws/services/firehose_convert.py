"""JSON records to one Parquet file by a Glue table's columns; records that do not fit are handed back. Pure.

Source: "Convert input data format in Amazon Data Firehose".
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local_aws.services.firehose_types import Column, MalformedError, Serde, column, struct


@dataclass(frozen=True)
class Converted:
    """`parquet` is None when no record fits; `bad` has the index of each record that does not, and why."""

    parquet: bytes | None
    rows: int
    bad: tuple[tuple[int, str], ...]


def serde_of(deserializer: dict[str, Any]) -> Serde:
    """InputFormatConfiguration's Deserializer."""
    if "OpenXJsonSerDe" in deserializer:
        options = deserializer["OpenXJsonSerDe"] or {}
        return Serde(
            lenient=True,
            lower=options.get("CaseInsensitive", True),
            dots_to_underscores=options.get("ConvertDotsInJsonKeysToUnderscores", False),
        )
    formats = (deserializer.get("HiveJsonSerDe") or {}).get("TimestampFormats") or ()
    return Serde(lenient=False, timestamp_formats=tuple(formats))


def convert(records: Sequence[bytes], columns: list[dict[str, str]], conversion: dict[str, Any]) -> Converted:
    """`columns` are the table's, as Glue names them; partition keys are no part of the file."""
    deserializer = conversion["InputFormatConfiguration"]["Deserializer"]
    serde = serde_of(deserializer)
    mappings = (deserializer.get("OpenXJsonSerDe") or {}).get("ColumnToJsonKeyMappings") or {}
    fields = {entry["Name"]: column(entry["Type"], serde) for entry in columns}
    renamed = {serde.key(key): name for name, key in mappings.items()}
    schema = pa.schema([(name, field.arrow) for name, field in fields.items()])
    rows: list[tuple[int, dict[str, Any]]] = []
    bad: list[tuple[int, str]] = []
    for index, record in enumerate(records):
        try:
            found = [_row(document, fields, serde, renamed) for document in documents(record)]
        except MalformedError as error:
            bad.append((index, str(error)))
        else:
            rows += [(index, row) for row in found]
    table, refused = _table(rows, schema)
    return Converted(
        parquet=_parquet(table, conversion) if table.num_rows else None,
        rows=table.num_rows,
        bad=tuple(sorted([*bad, *refused.items()])),
    )


_REFUSALS = (pa.ArrowException, UnicodeError, OverflowError)


def _table(rows: list[tuple[int, dict[str, Any]]], schema: pa.Schema) -> tuple[pa.Table, dict[int, str]]:
    """The rows that Arrow can hold; a record with another must not stop its neighbours: index → reason."""
    refused: dict[int, str] = {}
    try:
        return pa.Table.from_pylist([row for _, row in rows], schema=schema), refused
    except _REFUSALS:
        for index, row in rows:
            try:
                pa.Table.from_pylist([row], schema=schema)
            except _REFUSALS as error:
                refused[index] = str(error)
    return pa.Table.from_pylist([row for index, row in rows if index not in refused], schema=schema), refused


def documents(record: bytes) -> Iterator[Any]:
    """A record may hold several objects one after the other; an array of objects is no valid input."""
    try:
        text = record.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"the record is no UTF-8 text: {error}") from None
    decoder, position, found = json.JSONDecoder(), 0, False
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            document, position = decoder.raw_decode(text, position)
        except ValueError as error:
            raise MalformedError(f"the record is no JSON: {error}") from None
        found = True
        yield document
    if not found:
        raise MalformedError("the record is empty")


def _row(document: Any, fields: dict[str, Column], serde: Serde, renamed: dict[str, str]) -> dict[str, Any]:
    if renamed and isinstance(document, dict):
        document = {renamed.get(serde.key(key), key): value for key, value in document.items()}
    return struct(document, fields, serde)


def _parquet(table: pa.Table, conversion: dict[str, Any]) -> bytes:
    options = conversion["OutputFormatConfiguration"]["Serializer"].get("ParquetSerDe") or {}
    compression = {"UNCOMPRESSED": "none", "GZIP": "gzip"}.get(options.get("Compression", ""), "snappy")
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression=compression, use_deprecated_int96_timestamps=True)
    return buffer.getvalue()
