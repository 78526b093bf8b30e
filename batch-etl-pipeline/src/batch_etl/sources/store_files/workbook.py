"""XLSX: every sheet is a table, its first row that is not empty the header."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain
from typing import Any, BinaryIO, ClassVar

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from batch_etl.sources.store_files.contract import spelled
from batch_etl.sources.store_files.entries import Defect, FileRefused, Limits, Row, TooLarge, clipped

_REMEDY = "Open it in a spreadsheet program and save it anew as .xlsx, without a password."
_ERRORS = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, SyntaxError, TypeError,
           AttributeError, IndexError, NotImplementedError, RuntimeError)  # fmt: skip
"""All that openpyxl, zipfile and the XML parser (whose ParseError is a SyntaxError) say of damaged files."""

Cells = tuple[Any, ...]


@dataclass
class SheetPart:
    positional: ClassVar[bool] = True
    name: str
    header: list[str]
    numbered: Iterator[tuple[int, Cells]]

    def rows(self, places: Mapping[str, int], width: int) -> Iterator[Row | Defect]:
        wanted = [(place, places[spelled(name)]) for place, name in enumerate(self.header) if spelled(name) in places]
        for line, cells in self.numbered:
            values: list[str | None] = [None] * width
            failed = None
            for place, column in wanted:
                cell = cells[place] if place < len(cells) else None
                if cell is not None and cell.data_type == "e":
                    failed = failed or (self.header[place], cell.value)
                values[column] = None if cell is None else as_text(cell.value)
            if failed is None:
                yield Row(line, values)
            else:
                yield Defect(
                    line, failed[0], f"{failed[0]} is the error {failed[1]} of a formula", "Correct the formula.",
                    clipped(str([cell.value for cell in cells])),
                )  # fmt: skip


def sheets(open_file: Callable[[], BinaryIO], limits: Limits) -> Iterator[SheetPart]:
    """The sheets that are not empty, one at a time. A formula counts as the result that was stored with it."""
    source = open_file()
    _check_size(source, limits)
    source.seek(0)
    try:
        book = load_workbook(source, read_only=True, data_only=True, keep_links=False)
        names = book.worksheets
    except _ERRORS as problem:
        raise FileRefused(f"the workbook is damaged ({type(problem).__name__})", _REMEDY) from problem
    found = False
    for sheet in names:
        numbered = _rows(sheet)
        _, header = next(numbered, (0, ()))
        if header:
            found = True
            yield SheetPart(sheet.title, [as_text(cell.value) or "" for cell in header], numbered)
    if not found:
        raise FileRefused("the workbook is empty", "Send a header row and a row for each sale.")


def _check_size(source: BinaryIO, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            packed = sum(member.compress_size for member in archive.infolist())
    except _ERRORS as problem:
        raise FileRefused(f"the workbook is damaged ({type(problem).__name__})", _REMEDY) from problem
    if unpacked > min(limits.workbook, limits.unpacked_from(packed)):
        raise TooLarge(f"the workbook unpacks to {unpacked:,} bytes", "Send so many rows as CSV, compressed by gzip.")


def _rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    """Number and cells of each row that is not empty."""
    sheet.reset_dimensions()  # what a sheet says of its size may be wrong
    rows = iter(sheet.iter_rows())
    for line, cells in enumerate(chain(_guarded(rows)), 1):
        if any(cell.value not in (None, "") for cell in cells):
            yield line, cells


def _guarded(rows: Iterator[Cells]) -> Iterator[Cells]:
    try:
        yield from rows
    except _ERRORS as problem:
        raise FileRefused(f"the sheet is damaged ({type(problem).__name__})", _REMEDY) from problem


def as_text(value: Any) -> str | None:
    """A cell's value as CSV would have it. A spreadsheet's numbers have fifteen digits, whatever their bits say."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(value, ".15g") if abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
