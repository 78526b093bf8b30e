"""JSON text to its values, one after another in bounded memory, over whatever is broken among them."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from batch_etl.sources.store_files.entries import FileRefused

_CHUNK = 2**18
_DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile, OSError)
_BLANK = re.compile(r"[\s,]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|"', re.DOTALL)
_NEXT_ITEM = re.compile(r"\n\s*\{|\}\s*,?\s*\{")


class NoNumber(str):
    """NaN or Infinity, which JSON does not have and some writers write all the same."""


class Value(NamedTuple):
    """What stands at a place: `value`, or only its `text` when it is no JSON. `rest`: nothing can be read after it."""

    value: Any
    text: str = ""
    broken: bool = False
    rest: bool = False


def decoder() -> json.JSONDecoder:
    """Numbers stay text: no amount passes through a binary fraction, no digit is too many."""
    return json.JSONDecoder(parse_float=_plain, parse_int=str, parse_constant=NoNumber)


def _plain(number: str) -> str:
    """1.5e2 as 150; an exponent that would fill the memory stays as it is."""
    if "e" not in number and "E" not in number:
        return number
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    return format(value, "f") if abs(value.adjusted()) < 60 else number


@dataclass
class Values:
    """The items of an array, or values that follow each other; at most `limit` characters of text are held beyond one
    chunk."""

    text: io.TextIOWrapper
    limit: int
    buffer: str = ""
    at: int = 0
    ended: bool = False
    damaged: bool = False

    def __post_init__(self) -> None:
        self.decoder = decoder()

    def first_letter(self) -> str:
        """What the text begins with, blanks apart; nothing is taken."""
        while True:
            self.at = len(self.buffer) - len(self.buffer.lstrip())
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if self.ended:
                return ""
            self._fill(1)

    def items(self) -> Iterator[Value]:
        """The items of the array that begins here. What follows its end is broken, unless blank."""
        self.at += 1
        while True:
            self._skip_blanks()
            if self.at >= len(self.buffer):
                yield Value(None, "", broken=True, rest=True)
                return
            if self.buffer[self.at] == "]":
                self.at += 1
                yield from self._leftover()
                return
            yield (value := self._next())
            if value.rest:
                return

    def following(self) -> Iterator[Value]:
        """Values that follow each other, until the text's end."""
        while True:
            self._skip_blanks()
            if self.at >= len(self.buffer):
                if self.damaged:
                    yield Value(None, "", broken=True, rest=True)
                return
            yield (value := self._next())
            if value.rest:
                return

    def _leftover(self) -> Iterator[Value]:
        self._skip_blanks()
        if self.at < len(self.buffer):
            yield Value(None, self.buffer[self.at : self.at + self.limit], broken=True, rest=True)

    def _next(self) -> Value:
        self._fill(self.limit)
        try:
            value, end = self.decoder.raw_decode(self.buffer, self.at)
        except (ValueError, RecursionError):
            return self._broken()
        if not self.ended and end - self.at >= self.limit:
            raise FileRefused(f"an item has more than {self.limit:,} characters", "Send an object for each row.")
        text, self.at = self.buffer[self.at : end], end
        return Value(value, text)

    def _broken(self) -> Value:
        """What is no JSON ends where its brackets do, or before what looks like the next object."""
        end = _extent(self.buffer, self.at, self.at + self.limit)
        if end is None:
            found = _NEXT_ITEM.search(self.buffer, self.at + 1)
            end = found.end() - 1 if found else None
        if end is None:
            return Value(None, self.buffer[self.at : self.at + self.limit], broken=True, rest=True)
        text, self.at = self.buffer[self.at : end], end
        return Value(None, text.rstrip().rstrip(","), broken=True)

    def _skip_blanks(self) -> None:
        while True:
            found = _BLANK.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer) or self.ended:
                return
            self._fill(1)

    def _fill(self, wanted: int) -> None:
        """Hold so many characters from here on, if there are so many."""
        if len(self.buffer) - self.at >= wanted or self.ended:
            return
        pieces = [self.buffer[self.at :]]
        held = len(pieces[0])
        while held < wanted + _CHUNK:
            try:
                chunk = self.text.read(_CHUNK)
            except _DAMAGE:
                chunk, self.damaged = "", True
            if not chunk:
                self.ended = True
                break
            pieces.append(chunk)
            held += len(chunk)
        self.buffer, self.at = "".join(pieces), 0


def _extent(text: str, start: int, limit: int) -> int | None:
    """Where the bracket that opens at `start` closes, strings regarded; None when it does not."""
    if text[start] not in "{[":
        found = re.compile(r"[,\]\n]").search(text, start, limit)
        return found.start() if found and found.start() > start else None
    depth = 0
    for token in _TOKEN.finditer(text, start, limit):
        if token[0] in ("{", "["):
            depth += 1
        elif token[0] in ("}", "]"):
            depth -= 1
            if depth == 0:
                return token.end()
        elif token[0] == '"':
            return None
    return None
