"""Raw JSON as records: an array, an object with `transactions`, one transaction, or JSON lines.

A file that is damaged is read line by line, so that what is whole in it arrives. Numbers with a fraction stay the text
that they were written as: money never becomes a binary fraction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_SHOWN = 100_000  # characters of what cannot be read that are quarantined; the file itself stays where it is
_LIST = "transactions"


@dataclass(frozen=True)
class Entry:
    """One thing in a file, good or not, at `position` (the record's number, or its line, from 1).

    record: a JSON object, or None when there is none; text: what is there instead.
    """

    position: int
    record: dict[str, Any] | None
    text: str = ""


def read_entries(body: bytes) -> list[Entry]:
    """All that is in a file, in its order; one entry without a record when nothing in it can be read."""
    try:
        content = _decoded(body)
    except (ValueError, RecursionError):
        return _by_lines(body.decode(json.detect_encoding(body), "replace"))
    if isinstance(content, dict) and isinstance(content.get(_LIST), list):
        content = content[_LIST]
    found = content if isinstance(content, list) else [content]
    return [_entry(position, one) for position, one in enumerate(found, start=1)]


def _entry(position: int, content: Any) -> Entry:
    if isinstance(content, dict):
        return Entry(position, content)
    return Entry(position, None, json.dumps(content)[:_SHOWN])


def _by_lines(text: str) -> list[Entry]:
    lines = ((number, line.strip().removesuffix(",").rstrip()) for number, line in enumerate(text.split("\n"), start=1))
    found = [_line(number, line) for number, line in lines if line not in ("", "[", "]")]
    if any(entry.record is not None for entry in found):
        return found
    return [Entry(1, None, text[:_SHOWN])]


def _line(number: int, text: str) -> Entry:
    try:
        content = _decoded(text)
    except (ValueError, RecursionError):
        return Entry(number, None, text[:_SHOWN])
    return Entry(number, content) if isinstance(content, dict) else Entry(number, None, text[:_SHOWN])


def _decoded(text: str | bytes) -> Any:
    return json.loads(text, parse_float=str, parse_constant=str)
