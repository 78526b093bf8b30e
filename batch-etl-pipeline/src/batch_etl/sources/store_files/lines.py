"""Text to lines, in bounded memory."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator

from batch_etl.sources.store_files.entries import FileRefused

_CHUNK = 2**18
_LARGE = 2**22


def chunks_of(text: io.TextIOWrapper, limit: int, size: int = _CHUNK) -> Iterator[str]:
    """The text in pieces of whole lines, the last line's end taken away. Raises FileRefused at a line that long.

    Splitting pieces is several times faster than asking the stream for each line.
    """
    rest = ""
    while chunk := text.read(size):
        whole, end, tail = (rest + chunk).rpartition("\n")
        rest = tail
        if end:
            yield whole
        if len(rest) > limit:
            raise FileRefused(
                f"a line has more than {limit:,} characters", "Send text with a line for each row, and quotes closed."
            )
    if rest:
        yield rest


def lines_of(text: io.TextIOWrapper, limit: int) -> Iterator[str]:
    """Lines without their ends."""
    for chunk in chunks_of(text, limit):
        yield from chunk.split("\n")


class Lines:
    """Lines to be taken one by one, put back, or, where none is left of the last piece, a whole piece at once."""

    def __init__(self, text: io.TextIOWrapper, limit: int) -> None:
        self._chunks = chunks_of(text, limit, _LARGE)
        self._held: deque[str] = deque()

    def piece(self) -> str | None:
        """The next piece, when no line is held."""
        return None if self._held else next(self._chunks, None)

    def next(self) -> str | None:
        while not self._held:
            piece = next(self._chunks, None)
            if piece is None:
                return None
            self.put_back(piece.split("\n"))
        return self._held.popleft()

    def put_back(self, lines: list[str]) -> None:
        self._held.extendleft(reversed(lines))
