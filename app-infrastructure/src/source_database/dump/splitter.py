"""Splits SQL text into statements as the mysql client does, in bounded memory: one statement at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from source_database.errors import NotADumpError

BLOCK = 1 << 20
LOOK_AHEAD = 16  # enough to tell one opening from another

# What may hide a delimiter. Each is matched whole from where it opens; a doubled quote is two strings side by side.
_QUOTED = {
    b"'": re.compile(rb"'[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL),
    b'"': re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL),
    b"`": re.compile(rb"`[^`]*`", re.DOTALL),
}
_LINE_COMMENT = re.compile(rb"[^\n]*\n")
_BLOCK_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_DELIMITER_LINE = re.compile(rb"delimiter[ \t]+(\S+)[^\n]*(?:\n|\Z)", re.IGNORECASE)
_SANDBOX = b"/*M!999999"  # the first line of MariaDB's dumps: a version that never comes, hence a comment
_BLANK = re.compile(rb"\s*")


@dataclass(frozen=True)
class Statement:
    """Text without its delimiter, as bytes: a dump may hold more than one character set. `line` is where it starts."""

    text: bytes
    line: int

    @property
    def start(self) -> str:
        """The first words, for messages."""
        head = b" ".join(self.text[:200].split()).decode("utf-8", "replace")
        return head if len(head) <= 80 else head[:79] + "…"


def statements(stream: BinaryIO) -> Iterator[Statement]:
    """The statements of a dump, in order, comments between them left out (`/*! … */` is no comment)."""
    return _Splitter(stream).run()


class _Splitter:
    """`buffer[:at]` has been looked at and belongs to the statement under way, which began on `line`."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.buffer = b""
        self.at = 0
        self.line = 1
        self.ended = False
        self._delimit(b";")

    def run(self) -> Iterator[Statement]:
        while self._skip_between():
            if self._took_delimiter_line():
                continue
            end, width = self._find_end()
            text, line = self.buffer[:end].rstrip(), self.line
            self._drop(end + width)
            if text:
                yield Statement(text, line)

    def _delimit(self, delimiter: bytes) -> None:
        self.delimiter = delimiter
        self.opener = re.compile(rb"['\"`#]|--|/\*|" + re.escape(delimiter))

    def _more(self) -> bool:
        """Read on; as much again as is held, so that a long statement is not copied once per block."""
        block = self.stream.read(max(BLOCK, len(self.buffer)))
        self.ended = not block
        self.buffer += block
        return not self.ended

    def _drop(self, length: int) -> None:
        self.line += self.buffer.count(b"\n", 0, length)
        self.buffer, self.at = self.buffer[length:], 0

    def _skip_between(self) -> bool:
        """Drop blanks and comments before a statement; False at the end of the file."""
        while True:
            blank = _BLANK.match(self.buffer)
            self._drop(blank.end() if blank else 0)
            if len(self.buffer) < LOOK_AHEAD and self._more():
                continue
            if not self.buffer:
                return False
            if not self._at_comment():
                return True
            self._drop(self._end_of_comment())

    def _at_comment(self) -> bool:
        head = self.buffer[self.at : self.at + 4]
        if head[:2] == b"--":
            return len(head) == 2 or head[2:3].isspace()
        if head[:2] == b"/*":
            return not self.buffer.startswith((b"/*!", b"/*M!"), self.at) or self.buffer.startswith(_SANDBOX, self.at)
        return head[:1] == b"#"

    def _end_of_comment(self) -> int:
        block = self.buffer[self.at : self.at + 2] == b"/*"
        pattern = _BLOCK_COMMENT if block else _LINE_COMMENT
        while not (found := pattern.match(self.buffer, self.at)):
            if not self._more():
                if block:
                    raise self._cut("a comment")
                return len(self.buffer)
        return found.end()

    def _took_delimiter_line(self) -> bool:
        if self.buffer[:9].lower() != b"delimiter":
            return False
        while b"\n" not in self.buffer and self._more():
            pass
        found = _DELIMITER_LINE.match(self.buffer)
        if found:
            self._delimit(found[1])
            self._drop(found.end())
        return bool(found)

    def _find_end(self) -> tuple[int, int]:
        """Where the statement ends and how wide its delimiter is (0 at the end of the file)."""
        while True:
            found = self.opener.search(self.buffer, self.at)
            if found is None or (found.end() > len(self.buffer) - LOOK_AHEAD and not self.ended):
                self.at = found.start() if found else max(self.at, len(self.buffer) - len(self.delimiter))
                if self._more():
                    continue
                if found is None:
                    return len(self.buffer), 0
            self.at = found.start() if found else self.at
            if found and found[0] == self.delimiter:
                return self.at, len(self.delimiter)
            self._pass_over(found[0] if found else b"")

    def _pass_over(self, opener: bytes) -> None:
        """Move behind a string or a comment inside the statement."""
        if opener in _QUOTED:
            while not (closed := _QUOTED[opener].match(self.buffer, self.at)):
                if not self._more():
                    raise self._cut(f"a string that began with {opener.decode()}")
            self.at = closed.end()
        elif self._at_comment():
            self.at = self._end_of_comment()
        else:
            self.at += len(opener)  # `--` that is two minus signs, or the opening of /*! … */

    def _cut(self, inside: str) -> NotADumpError:
        return NotADumpError(
            f"The file ends inside {inside}, in the statement that starts on line {self.line}.",
            "It was cut while it was made or copied: make it again.",
        )
