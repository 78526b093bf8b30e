"""CSV as stores write it: any usual delimiter, quotes that may not close, rows too short or too long."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

from batch_etl.sources.store_files.contract import spelled
from batch_etl.sources.store_files.encoding import UNDECODABLE, encoding_of, text_of
from batch_etl.sources.store_files.entries import Block, Defect, FileRefused, Limits, Row, clipped
from batch_etl.sources.store_files.lines import Lines

DELIMITERS = ",;\t|"
_MOST_LINES = 100
"""A quoted value may run over so many lines; a quote open for longer was never meant as one."""
_EXCELS_HINT = re.compile(r"sep=(.)")

Fields = list[str]


@dataclass
class DelimitedPart:
    """A CSV file, or one inside an archive. Lines are counted from 1; `number` is the header's, which is not a row."""

    positional: ClassVar[bool] = True
    name: str
    header: Fields
    delimiter: str
    lines: Lines
    number: int

    def rows(self, places: Mapping[str, int], width: int) -> Iterator[Row | Block | Defect]:
        sources = _sources(self.header, places, width)
        picked = _picker(sources)
        while True:
            piece = self.lines.piece()
            if piece is not None and (block := self._block(piece, sources)) is not None:
                self.number += len(block.columns[0])
                yield block
                continue
            if piece is not None:
                self.lines.put_back(piece.split("\n"))
            if (line := self.lines.next()) is None:
                return
            if line and not line.isspace():
                yield self._row(line, picked)
            else:
                self.number += 1

    def _block(self, piece: str, sources: Sequence[int]) -> Block | None:
        """A piece in which nothing is unusual, as Arrow reads it: ten times as fast; None where anything is."""
        if '"' in piece or UNDECODABLE in piece or not piece:
            return None
        names = [str(place) for place in range(len(self.header))]
        try:
            table = read_csv(
                io.BytesIO(piece.encode()),
                read_options=ReadOptions(column_names=names, use_threads=False, block_size=2**27),
                parse_options=ParseOptions(delimiter=self.delimiter, quote_char=False),
                convert_options=ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except (pa.ArrowException, UnicodeError):
            return None
        if table.num_rows != piece.count("\n") + 1:
            return None  # blank lines, which Arrow does not count
        missing = pa.nulls(table.num_rows, pa.string())
        columns = [table.column(at).combine_chunks() if at < len(names) else missing for at in sources]
        return Block(self.number + 1, columns)

    def _row(self, line: str, picked: Callable[[Fields], tuple[str, ...]]) -> Row | Defect:
        record = _quoted(line, self.lines, self.delimiter, len(self.header)) if '"' in line else None
        fields = record.fields if record else line.split(self.delimiter)
        number, expected = self.number + 1, len(self.header)
        self.number += record.lines if record else 1
        if fields is not None and len(fields) > expected and not any(map(str.strip, fields[expected:])):
            del fields[expected:]  # trailing delimiters
        if fields is None or len(fields) != expected:
            return self._ragged(number, fields, record.text if record else line)
        fields.append("")
        return Row(number, picked(fields))

    def _ragged(self, line: int, fields: Fields | None, text: str) -> Defect:
        if fields is None:
            reason, remedy = "a quote is opened and not closed as CSV has it", 'Close it, and double quotes inside: "".'
        else:
            reason = f"the row has {len(fields)} fields, the header {len(self.header)}"
            remedy = f"Give every column a field; a value with {self.delimiter!r} in it stands in quotes."
        return Defect(line, "", reason, remedy, clipped(text))


def delimited_part(
    name: str, open_file: Callable[[], BinaryIO], known: Collection[str], limits: Limits
) -> DelimitedPart:
    """Read the header of a CSV; `known`: all names that contracts know, by which the delimiter shows."""
    with open_file() as sample:
        encoding = encoding_of(sample, limits.scan)
    lines = Lines(text_of(open_file(), encoding), limits.line)
    number, delimiters = 0, DELIMITERS
    while (first := lines.next()) is not None:
        number += 1
        if hint := _EXCELS_HINT.fullmatch(first):
            delimiters = hint[1]
        elif first.strip():
            break
    if first is None:
        raise FileRefused("the file is empty", "Send a header line and a line for each row.")
    delimiter = max(delimiters, key=lambda mark: _known(first, mark, known))
    header = _fields(first, delimiter) or first.split(delimiter)
    return DelimitedPart(name, header, delimiter, lines, number)


def _sources(header: Fields, places: Mapping[str, int], width: int) -> list[int]:
    """For each column of the contract its place in a record; one beyond the last for what the file lacks."""
    sources = [len(header)] * width
    for place, name in enumerate(header):
        if spelled(name) in places:
            sources[places[spelled(name)]] = place
    return sources


def _picker(sources: Sequence[int]) -> Callable[[Fields], tuple[str, ...]]:
    picked: Callable[[Fields], Any] = itemgetter(*sources)
    return picked if len(sources) > 1 else lambda fields: (picked(fields),)


def _known(line: str, delimiter: str, known: Collection[str]) -> int:
    return sum(spelled(field) in known for field in _fields(line, delimiter) or line.split(delimiter))


@dataclass(frozen=True)
class _Quoted:
    fields: Fields | None
    text: str
    lines: int = 1


def _quoted(line: str, lines: Lines, delimiter: str, width: int) -> _Quoted:
    """The record that begins in `line`. Lines looked at that are no part of it are put back: rows of their own."""
    text, taken = line, list[str]()
    while text.count('"') % 2 and len(taken) < _MOST_LINES:
        following = lines.next()
        if following is None:
            break
        taken.append(following)
        text += "\n" + following
    fields = _fields(text, delimiter)
    if not taken:
        return _Quoted(fields, line)
    if fields is not None and len(fields) == width:
        return _Quoted(fields, text, 1 + len(taken))
    lines.put_back(taken)
    return _Quoted(None, line)


def _fields(text: str, delimiter: str) -> Fields | None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
