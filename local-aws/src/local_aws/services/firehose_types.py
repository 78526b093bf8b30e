"""Hive's column types as Arrow types, and JSON values as values of them. Pure. Sources: "Choose the JSON deserializer",
and the two SerDes' own rules: OpenX reads numbers out of strings, Hive's takes JSON's types alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

Reader = Callable[[Any], Any]


class MalformedError(ValueError):
    """A value does not fit its column."""


@dataclass(frozen=True)
class Serde:
    """How a deserializer reads. `lower`: keys are compared in lower case, and written so where they are data."""

    lenient: bool
    lower: bool = True
    dots_to_underscores: bool = False
    timestamp_formats: tuple[str, ...] = ()

    def key(self, name: str) -> str:
        name = name.lower() if self.lower else name
        return name.replace(".", "_") if self.dots_to_underscores else name


@dataclass(frozen=True)
class Column:
    """A Hive type: its Arrow type, and how a JSON value becomes one of its values."""

    arrow: pa.DataType
    read: Reader


def column(text: str, serde: Serde) -> Column:
    """Parse a Hive type such as array<struct<code:string,score:double>>."""
    tokens = iter([*re.findall(r"[\w]+|[<>:,()]", text.lower()), ""])
    return _parse(next(tokens), tokens, serde)[0]


def _parse(word: str, tokens: Iterator[str], serde: Serde) -> tuple[Column, str]:
    """The type that begins with `word`, and the token after it."""
    if word == "array":
        next(tokens)
        item, _ = _parse(next(tokens), tokens, serde)
        return Column(pa.list_(item.arrow), _nullable(lambda value: _list(value, item))), next(tokens)
    if word == "map":
        next(tokens)
        _parse(next(tokens), tokens, serde)
        item, _ = _parse(next(tokens), tokens, serde)
        return Column(pa.map_(pa.string(), item.arrow), _nullable(lambda value: _map(value, item, serde))), next(tokens)
    if word == "struct":
        fields, after = _fields(tokens, serde)
        arrow = pa.struct([(name, field.arrow) for name, field in fields.items()])
        return Column(arrow, _nullable(lambda value: struct(value, fields, serde))), after
    if word in ("decimal", "varchar", "char"):
        return _sized(word, tokens, serde)
    if word not in _PRIMITIVES:
        raise ValueError(f"{word} is no type that Firehose converts to")
    arrow, strict, lenient = _PRIMITIVES[word]
    reader = lenient if serde.lenient else strict
    if word == "timestamp":
        return Column(arrow, _nullable(lambda value: timestamp(value, serde))), next(tokens)
    return Column(arrow, _nullable(reader)), next(tokens)


def _fields(tokens: Iterator[str], serde: Serde) -> tuple[dict[str, Column], str]:
    next(tokens)
    fields: dict[str, Column] = {}
    separator = ","
    while separator == ",":
        name = next(tokens)
        next(tokens)
        fields[name], separator = _parse(next(tokens), tokens, serde)
    return fields, next(tokens)


def _sized(word: str, tokens: Iterator[str], serde: Serde) -> tuple[Column, str]:
    sizes: list[int] = []
    after = next(tokens)
    if after == "(":
        while after != ")":
            sizes.append(int(next(tokens)))
            after = next(tokens)
        after = next(tokens)
    if word != "decimal":
        return Column(pa.string(), _nullable(_text)), after
    precision, scale = (sizes or [10, 0]) if len(sizes) != 1 else [sizes[0], 0]
    step, largest = Decimal(1).scaleb(-scale), Decimal(10) ** (precision - scale)

    def read(value: Any) -> Decimal:
        rounded = _decimal(value, serde).quantize(step, ROUND_HALF_UP)
        if abs(rounded) >= largest:
            raise MalformedError(f"{value} does not fit decimal({precision},{scale})")
        return rounded

    return Column(pa.decimal128(precision, scale), _nullable(read)), after


def _nullable(reader: Reader) -> Reader:
    def read(value: Any) -> Any:
        if value is None:
            return None
        try:
            return reader(value)
        except (ValueError, TypeError, ArithmeticError, InvalidOperation, OverflowError) as error:
            raise MalformedError(str(error) or type(error).__name__) from error

    return read


def struct(value: Any, fields: dict[str, Column], serde: Serde) -> dict[str, Any]:
    """Keys that the schema does not have are dropped; keys that the value does not have are null."""
    if not isinstance(value, dict):
        raise MalformedError(f"{type(value).__name__} is no object")
    # Most records spell their keys as the schema does.
    given = value if value.keys() <= fields.keys() else {serde.key(name): entry for name, entry in value.items()}
    return {name: field.read(given.get(name)) for name, field in fields.items()}


def _list(value: Any, item: Column) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedError(f"{type(value).__name__} is no array")
    return [item.read(entry) for entry in value]


def _map(value: Any, item: Column, serde: Serde) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise MalformedError(f"{type(value).__name__} is no map")
    return list({serde.key(name): item.read(entry) for name, entry in value.items()}.items())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), default=str)


def _whole(bits: int) -> tuple[Reader, Reader]:
    def strict(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise MalformedError(f"{value!r} is no whole number")
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise MalformedError(f"{value} does not fit {bits} bits")
        return value

    return strict, lambda value: strict(int(value) if isinstance(value, str) else value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise MalformedError(f"{value!r} is no number")
    return float(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise MalformedError(f"{value!r} is no boolean")
    return value


def _flag_or_text(value: Any) -> bool:
    return _flag({"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value)


def _decimal(value: Any, serde: Serde) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | (str if serde.lenient else int)):
        raise MalformedError(f"{value!r} is no number")
    return Decimal(str(value))


def timestamp(value: Any, serde: Serde) -> datetime:
    """UTC. Both take "yyyy-MM-dd HH:mm:ss[.S]"; OpenX also ISO 8601, seconds and milliseconds of the epoch."""
    if isinstance(value, str):
        return _timestamp_of_text(value.strip(), serde)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise MalformedError(f"{value!r} is no timestamp")
    if not serde.lenient and "millis" not in serde.timestamp_formats:
        raise MalformedError(f"{value!r} is no timestamp: TimestampFormats lacks millis")
    return _timestamp_of_number(float(value), serde)


def _timestamp_of_number(number: float, serde: Serde) -> datetime:
    millis = abs(number) >= 1e11 or not serde.lenient
    return datetime.fromtimestamp(number / 1000 if millis else number, UTC)


def _timestamp_of_text(text: str, serde: Serde) -> datetime:
    found = _MOMENT.fullmatch(text)
    if found and (found["separator"] == " " or serde.lenient or serde.timestamp_formats):
        parts = [int(found[name]) for name in ("year", "month", "day", "hour", "minute", "second")]
        micros = int((found["fraction"] or "0").ljust(6, "0")[:6])
        return datetime(*parts, micros, tzinfo=UTC)  # type: ignore[misc,arg-type]
    if _NUMBER.fullmatch(text) and (serde.lenient or "millis" in serde.timestamp_formats):
        return _timestamp_of_number(float(text), serde)
    raise MalformedError(f"{text!r} is no timestamp")


_MOMENT = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?P<separator>[ T])(?P<hour>\d{1,2}):(?P<minute>\d{2}):"
    r"(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?Z?"
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def _date(value: Any) -> date:
    return date.fromisoformat(value)


_PRIMITIVES: dict[str, tuple[pa.DataType, Reader, Reader]] = {
    "tinyint": (pa.int8(), *_whole(8)),
    "smallint": (pa.int16(), *_whole(16)),
    "int": (pa.int32(), *_whole(32)),
    "integer": (pa.int32(), *_whole(32)),
    "bigint": (pa.int64(), *_whole(64)),
    "float": (pa.float32(), _float, lambda value: float(value) if isinstance(value, str) else _float(value)),
    "double": (pa.float64(), _float, lambda value: float(value) if isinstance(value, str) else _float(value)),
    "boolean": (pa.bool_(), _flag, _flag_or_text),
    "string": (pa.string(), _text, _text),
    "binary": (pa.binary(), lambda value: _text(value).encode(), lambda value: _text(value).encode()),
    "date": (pa.date32(), _date, _date),
    "timestamp": (pa.timestamp("us"), _text, _text),
}
