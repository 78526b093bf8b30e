"""JSON as stores write it: an array of objects, an object a line, or objects one after another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, ClassVar

from batch_etl.sources.store_files.contract import spelled
from batch_etl.sources.store_files.encoding import encoding_of, text_of
from batch_etl.sources.store_files.entries import Defect, FileRefused, Limits, Row, clipped
from batch_etl.sources.store_files.json_values import NoNumber, Value, Values, decoder
from batch_etl.sources.store_files.lines import lines_of

_LOOK_AT = 100
_BROKEN = "Write an object with a value for each column; NaN, single quotes and comments are not JSON."


@dataclass
class JsonPart:
    """`header`: the names in the first objects. `entries`: a number (line or item) and what stands there."""

    positional: ClassVar[bool] = False
    name: str
    header: list[str]
    entries: Iterator[tuple[int, Value]]

    def rows(self, places: Mapping[str, int], width: int) -> Iterator[Row | Defect]:
        for line, found in self.entries:
            if found.broken:
                yield _broken(line, found)
            elif not isinstance(found.value, dict):
                what = "an array" if isinstance(found.value, list) else "a single value"
                yield Defect(line, "", f"{what} stands where an object belongs", _BROKEN, clipped(found.text))
            else:
                yield _row(line, found, places, width)


def json_part(name: str, open_file: Callable[[], BinaryIO], limits: Limits) -> JsonPart:
    """Read enough of the file to know its columns."""
    with open_file() as sample:
        encoding = encoding_of(sample, limits.scan)
    entries = _entries(lambda: text_of(open_file(), encoding), limits)
    first = list(islice(entries, _LOOK_AT))
    if not first:
        raise FileRefused("the file holds no object", "Send an array of objects, or an object for each line.")
    header = {key: None for _, found in first if isinstance(found.value, dict) for key in found.value}
    return JsonPart(name, list(header), chain(first, entries))


def _entries(open_text: Callable[[], Any], limits: Limits) -> Iterator[tuple[int, Value]]:
    values = Values(open_text(), limits.line)
    first = values.first_letter()
    if first == "[":
        yield from enumerate(values.items(), 1)
    elif first == "{" and _by_lines(values):
        yield from _lines(open_text(), limits)
    elif first == "{":
        yield from enumerate(values.following(), 1)
    elif first:
        raise FileRefused(f"the file begins with {first!r}, so it is no JSON of rows", _BROKEN)
    else:
        raise FileRefused("the file is empty", "Send an array of objects, or an object for each line.")


def _by_lines(values: Values) -> bool:
    """Whether the first line is an object by itself, or is broken and the second line begins another one."""
    first, _, rest = values.buffer[values.at :].partition("\n")
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return first.rstrip().endswith("}") and rest.lstrip().startswith("{")


def _lines(text: Any, limits: Limits) -> Iterator[tuple[int, Value]]:
    read = decoder()
    for number, line in enumerate(lines_of(text, limits.line), 1):
        if not line or line.isspace():
            continue
        try:
            yield number, Value(read.decode(line), line)
        except (ValueError, RecursionError):
            yield number, Value(None, line, broken=True)


def _broken(line: int, found: Value) -> Defect:
    if found.rest:
        reason = "the file ends in the middle, or what follows is no JSON"
        return Defect(line, "", reason, "Send the whole file again: rows count once.", clipped(found.text), rest=True)
    return Defect(line, "", "this is no JSON", _BROKEN, clipped(found.text))


def _row(line: int, found: Value, places: Mapping[str, int], width: int) -> Row | Defect:
    values: list[str | None] = [None] * width
    taken: set[int] = set()
    for name, value in found.value.items():
        place = places.get(spelled(name))
        if place is None:
            continue
        if place in taken:
            return Defect(line, name, f"{name} is given twice", "Give a column one value.", clipped(found.text))
        if isinstance(value, dict | list):
            what = "an object" if isinstance(value, dict) else "an array"
            return Defect(
                line, name, f"{name} is {what}", "Give a single value: no row is made of several.", clipped(found.text)
            )
        if isinstance(value, NoNumber):
            return Defect(line, name, f"{name} is {value}, which is no number", _BROKEN, clipped(found.text))
        taken.add(place)
        values[place] = str(value).lower() if isinstance(value, bool) else value
    return Row(line, values)
