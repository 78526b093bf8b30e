"""Rows of text to the contract's types, a batch at a time; what does not fit becomes a defect with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from batch_etl.sources.store_files.contract import Column, Contract
from batch_etl.sources.store_files.encoding import UNDECODABLE
from batch_etl.sources.store_files.entries import Block, Defect, Row, clipped

_TYPES = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
_TRUTH = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


@dataclass(frozen=True)
class Typed:
    """`good`: the contract's columns and source_line. Rows in = rows of `good` + defects."""

    good: pa.RecordBatch
    defects: list[Defect]


def arrow_type(column: Column) -> pa.DataType:
    return pa.decimal128(*column.decimal) if column.decimal else _TYPES[column.type]


def typed(rows: Sequence[Row] | Block, contract: Contract) -> Typed:
    """Convert rows. The first column, in the contract's order, that a row breaks is the one named."""
    values, lines = _columns(rows, contract)
    bad: dict[int, tuple[str, str, str]] = {}
    arrays = []
    for column, texts in zip(contract.columns, values, strict=True):
        array, findings = _column(texts, column)
        arrays.append(array)
        for at, (reason, remedy) in findings.items():
            bad.setdefault(at, (column.name, reason, remedy))
    batch = pa.RecordBatch.from_arrays([*arrays, lines], [*contract.names, "source_line"])
    if not bad:
        return Typed(batch, [])
    keep = pa.array([at not in bad for at in range(len(lines))], pa.bool_())
    defects = [Defect(lines[at].as_py(), *bad[at], _record(values, at, contract)) for at in sorted(bad)]
    return Typed(batch.filter(keep), defects)


def _columns(rows: Sequence[Row] | Block, contract: Contract) -> tuple[Sequence[Any], pa.Array]:
    """Values by column, and the lines that they stood on."""
    if isinstance(rows, Block):
        return rows.columns, pa.array(range(rows.line, rows.line + len(rows.columns[0])), pa.int64())
    # No rows have no columns either.
    columns = list(zip(*(row.values for row in rows), strict=True)) or [()] * len(contract.columns)
    return columns, pa.array([row.line for row in rows], pa.int64())


Findings = dict[int, tuple[str, str]]


def _column(values: Sequence[str | None] | pa.Array, column: Column) -> tuple[pa.Array, Findings]:
    text, findings = _text(values, column)
    array, fits = _converted(text, column)
    for at in _places(pc.invert(fits)):
        findings.setdefault(at, _misfit(text[at].as_py(), column))
    if column.required and text.null_count:
        for at in _places(pc.is_null(text)):
            findings.setdefault(at, (f"{column.name} is missing", _fill_in(column)))
    if column.positive:
        above = pc.fill_null(pc.greater(array, pa.scalar(0, array.type)), True)
        for at in _places(pc.invert(above)):
            findings.setdefault(at, (f"{column.name} {text[at].as_py()} is not above zero", "Correct it."))
    return array, findings


def _places(chosen: pa.Array) -> list[int]:
    places: list[int] = pc.indices_nonzero(chosen).to_pylist()
    return places


def _fill_in(column: Column) -> str:
    return f"Fill in {column.name}; of a formula a spreadsheet stores the result when it saves the file."


def _text(values: Sequence[str | None] | pa.Array, column: Column) -> tuple[pa.Array, Findings]:
    """Without blanks at the ends; an empty value is none."""
    findings: Findings = {}
    try:
        text = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    except (UnicodeError, pa.ArrowException):
        for at, value in enumerate(values):
            if value is not None and not _is_text(value):
                remedy = "Save the file as UTF-8 and send it again."
                findings[at] = (f"{column.name} has bytes that are no letters", remedy)
        text = pa.array([None if at in findings else value for at, value in enumerate(values)], pa.string())
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text), findings


def _is_text(value: str) -> bool:
    if UNDECODABLE in value:
        return False
    try:
        value.encode("utf-8")
    except UnicodeError:
        return False
    return True


def _converted(text: pa.Array, column: Column) -> tuple[pa.Array, pa.Array]:
    """The values in their type, null where they do not fit, and whether they fit."""
    if column.type == "string":
        return text, pa.array([True] * len(text), pa.bool_())
    if column.decimal or column.type == "bigint":
        fits = pc.fill_null(pc.match_substring_regex(text, _number(column)), True)
        return _cast(pc.if_else(fits, text, pa.scalar(None, pa.string())), column), fits
    parsed = [_parsed(value, column.type) for value in text.to_pylist()]
    array = pa.array(parsed, arrow_type(column))
    return array, pc.or_(pc.is_valid(array), pc.is_null(text))


def _cast(text: pa.Array, column: Column) -> pa.Array:
    if column.type == "bigint":
        return pc.replace_substring_regex(text, r"^\+|\.0*$", "").cast(pa.int64())
    return text.cast(arrow_type(column))


def _number(column: Column) -> str:
    """Digits that fit the column exactly: no separators of thousands, no currency, nothing that would be rounded."""
    if column.decimal is None:
        return r"^[+-]?\d{1,18}(\.0*)?$"
    precision, scale = column.decimal
    whole = f"0*\\d{{1,{precision - scale}}}" if precision > scale else "0+"
    return f"^[+-]?{whole}(\\.\\d{{0,{scale}}}0*)?$"


def _parsed(value: str | None, kind: str) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return _TRUTH.get(value.lower())
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    if kind == "date":
        # A spreadsheet's date is an instant at midnight.
        return instant.date() if instant.time() == instant.min.time() else None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _misfit(value: str, column: Column) -> tuple[str, str]:
    shown = f"{column.name} {value[:80]!r} is no {column.type}"
    if column.decimal:
        whole, places = column.decimal[0] - column.decimal[1], column.decimal[1]
        return shown, f"Write a number like 1234.56: up to {whole} digits, a point, up to {places} more; no other sign."
    formats = {"bigint": "digits alone", "boolean": "true or false", "date": "2026-01-31"}
    return shown, f"Write {formats.get(column.type, '2026-01-31T09:30:00Z')}."


def _record(values: Sequence[Any], at: int, contract: Contract) -> str:
    row = [found.as_py() if isinstance(found, pa.Scalar) else found for found in (column[at] for column in values)]
    return clipped(json.dumps(dict(zip(contract.names, row, strict=True)), ensure_ascii=False))
