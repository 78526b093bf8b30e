"""What readers hand over, whatever the format: rows of text, and what could not become one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

MAX_RECORD = 65_536
"""Characters of a bad record that quarantine keeps; the file itself has the rest."""


class Row(NamedTuple):
    """`values` in the contract's order, as text. `line`: of a text file, row of a sheet, item of a JSON array."""

    line: int
    values: Sequence[str | None]


class Block(NamedTuple):
    """Many rows at once, on consecutive lines from `line` on: `columns` in the contract's order, as Arrow's text."""

    line: int
    columns: list[Any]


class Defect(NamedTuple):
    """One record that cannot be used, or with `rest` all that follows in its file."""

    line: int
    field: str
    reason: str
    remedy: str
    record: str
    rest: bool = False


class Part(Protocol):
    """One table inside a file: the file itself, a sheet of a workbook, a member of an archive.

    `name` is empty for a file that is one table. `header`: the names of its columns as the file spells them; in a
    `positional` part they stand once for all rows, elsewhere each row names its own.
    """

    positional: ClassVar[bool]

    @property
    def name(self) -> str: ...

    @property
    def header(self) -> list[str]: ...

    def rows(self, places: Mapping[str, int], width: int) -> Iterator[Row | Block | Defect]:
        """`places`: `spelled` name → place among the `width` columns of the contract."""
        ...


class FileRefused(Exception):  # noqa: N818 - says what happened
    """A file, or a part of one, that cannot be read as rows. The message says why, `remedy` what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(shown(reason))
        self.reason, self.remedy = shown(reason), remedy


class TooLarge(FileRefused):
    """It unpacks to more than a store's file can be: a zip bomb, or a mistake."""


@dataclass(frozen=True)
class Limits:
    """Bytes and members beyond which a packed file is refused, and characters beyond which a line or item is; `scan`:
    how many bytes are looked at to tell an encoding."""

    unpacked: int = 20 * 2**30
    ratio: int = 300
    always: int = 64 * 2**20
    members: int = 1000
    workbook: int = 2**30
    line: int = 2**20
    scan: int = 2**62

    def unpacked_from(self, packed: int) -> int:
        """What a packed file of so many bytes may come to."""
        return min(self.unpacked, max(self.always, packed * self.ratio))


def shown(reason: str) -> str:
    """A reason that any log, queue and table can bear: what it quotes came from the file."""
    return reason[:500].encode("utf-8", "replace").decode("utf-8")


def clipped(text: str) -> str:
    """What quarantine keeps of a record: no more than it can bear, and nothing that UTF-8 cannot say."""
    return text[:MAX_RECORD].encode("utf-8", "replace").decode("utf-8")
