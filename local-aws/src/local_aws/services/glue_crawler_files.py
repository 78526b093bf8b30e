"""What one file of a crawled folder is: its format, its columns, its rows.

Glue's built-in classifiers, for Parquet, JSON and CSV (AWS Glue Developer Guide, "Adding classifiers to a crawler").
"""

from __future__ import annotations

import bz2
import csv
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from local_aws.services.glue_crawler_types import Columns, Shape, of_arrow, of_json, of_text, rendered, together

HEAD_BYTES = 1 << 20  # of a text file, as much as Glue's classifiers read
_TAIL_BYTES = 1 << 16
_DELIMITERS = (",", "|", "\t", ";", "\x01")
_LONGEST_NAME = 150  # characters of a CSV header's cell


class Readable(Protocol):
    """An object in S3."""

    @property
    def size(self) -> int:
        """Bytes."""

    def read(self, start: int, length: int) -> bytes:
        """Bytes of the object; fewer where it ends."""


@dataclass(frozen=True)
class FileSchema:
    """`rows` is counted in Parquet's footer, or judged by the part of a text that was read; `details` are what readers
    of the format must know besides the columns (CSV's delimiter and header)."""

    format: str
    columns: Columns
    rows: int
    compression: str = "none"
    details: dict[str, str] = field(default_factory=dict)

    def compatible(self, other: FileSchema) -> bool:
        """Whether one table can read both, whatever their columns are."""
        mine, theirs = (self.format, self.compression, self.details), (other.format, other.compression, other.details)
        return mine == theirs


def classify(file: Readable) -> FileSchema | None:
    """The schema of a file, or None for one that no classifier knows."""
    head = file.read(0, min(file.size, HEAD_BYTES))
    if head[:4] == b"PAR1":
        return _parquet(file)
    text, compression = _inflated(head)
    whole = len(head) == file.size
    share = file.size / len(head) if head else 1.0
    with suppress(UnicodeDecodeError):
        decoded = _decoded(text, whole=whole)
        found = _json(decoded, whole=whole) or _csv(decoded)
        if found:
            return FileSchema(found.format, found.columns, round(found.rows * share), compression, found.details)
    return None


def _parquet(file: Readable) -> FileSchema | None:
    """The footer tells all; a reader of it looks at the end of the file only."""
    tail = file.read(max(file.size - _TAIL_BYTES, 0), _TAIL_BYTES)
    if tail[-4:] != b"PAR1":
        return None
    needed = int.from_bytes(tail[-8:-4], "little") + 8
    if needed > len(tail):
        tail = file.read(file.size - needed, needed)
    try:
        metadata = pq.read_metadata(pa.BufferReader(tail))
        schema = metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError):
        return None
    columns = {column.name.lower(): of_arrow(column.type) for column in schema}
    return FileSchema("parquet", columns, metadata.num_rows)


def _inflated(head: bytes) -> tuple[bytes, str]:
    if head[:2] == b"\x1f\x8b":
        with suppress(zlib.error):
            return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES), "gzip"
    if head[:3] == b"BZh":
        with suppress(OSError):
            return bz2.BZ2Decompressor().decompress(head, HEAD_BYTES), "bzip2"
    return head, "none"


def _decoded(text: bytes, *, whole: bool) -> str:
    """UTF-8; a character or a line that was cut is left out."""
    kept = text if whole or b"\n" not in text else text[: text.rfind(b"\n") + 1]
    return kept.decode("utf-8-sig")


def _json(text: str, *, whole: bool) -> FileSchema | None:
    """Objects, one after the other; an array is one column named array, as Glue's classifier has it."""
    rows = list(_documents(text, whole=whole))
    if not rows or not all(isinstance(row, dict | list) for row in rows):
        return None
    objects = [row if isinstance(row, dict) else {"array": row} for row in rows]
    shape: dict[str, Shape] = reduce(together, (of_json(row) for row in objects), {})
    columns = {name: rendered(item) for name, item in shape.items()}
    return FileSchema("json", columns, len(rows), details={}) if columns else None


def _documents(text: str, *, whole: bool) -> Iterator[Any]:
    """Ends at what is no JSON: nothing at all is found when that is the beginning, or when the file ends in it."""
    decoder, place, found = json.JSONDecoder(), 0, []
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        try:
            document, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError:
            if whole:
                return
            break
        found.append(document)
    yield from found


def _csv(text: str) -> FileSchema | None:
    """The delimiter that gives every row the same number of cells, two at least, in two rows at least."""
    for delimiter in _DELIMITERS:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
        if len(rows) >= 2 and len(rows[0]) >= 2 and _regular(rows):
            return _table(rows, delimiter)
    return None


def _regular(rows: list[list[str]]) -> bool:
    """A last row that is shorter may be the trailing empty cell that Glue tolerates."""
    width = len(rows[0])
    return all(len(row) in (width, width - 1) for row in rows)


def _table(rows: list[list[str]], delimiter: str) -> FileSchema:
    header = _has_header(rows)
    body = rows[1:] if header else rows
    names = [cell.strip().lower() for cell in rows[0]] if header else [f"col{n}" for n in range(len(rows[0]))]
    columns: Columns = {}
    for place, name in enumerate(names):
        columns[name or f"col{place}"] = of_text([row[place] for row in body if place < len(row)])
    details = {"delimiter": delimiter, "columnsOrdered": "true", "areColumnsQuoted": "false"}
    return FileSchema("csv", columns, len(body), details=details | ({"skip.header.line.count": "1"} if header else {}))


def _has_header(rows: list[list[str]]) -> bool:
    """Every cell of the first row is text, and some column below is not: the built-in classifier's rule."""
    first = rows[0]
    if any(of_text([cell]) != "string" or len(cell) >= _LONGEST_NAME or not cell.strip() for cell in first[:-1]):
        return False
    if first[-1].strip() and of_text([first[-1]]) != "string":
        return False
    return any(of_text([row[place] for row in rows[1:] if place < len(row)]) != "string" for place in range(len(first)))
