"""Values and types as Athena shows them: CSV and VarCharValue text, and ResultSetMetadata."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

Row = list[str | None]
_ALIASES = {"real": "float"}
_PRECISION = {"boolean": 0, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17, "double": 17,
              "varchar": 2147483647, "varbinary": 1073741824, "json": 2147483647, "string": 0}  # fmt: skip
_QUOTED_FIELD = re.compile(r'"((?:[^"]|"")*)" (.+)', re.DOTALL)
_SPACED_TYPES = ("interval day to", "interval year to")
_TEXT = {"varchar", "char", "string", "json"}


def split_type(signature: str) -> tuple[str, list[str]]:
    """`map(varchar, row(a integer))` → ("map", ["varchar", "row(a integer)"]); a suffix follows the name."""
    name, opening, rest = signature.partition("(")
    if not opening:
        return signature.strip(), []
    inner, _, suffix = rest.rpartition(")")
    return (name.strip() + suffix), list(_split(inner))


def _split(text: str) -> Iterator[str]:
    depth = start = 0
    in_quotes = False
    for index, character in enumerate(text):
        if character == '"':
            in_quotes = not in_quotes
        elif not in_quotes:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if character == "," and depth == 0:
                yield text[start:index].strip()
                start = index + 1
    if text[start:].strip():
        yield text[start:].strip()


def column_info(name: str, signature: str) -> dict[str, Any]:
    """One entry of ResultSetMetadata."""
    base, arguments = split_type(signature)
    kind = _ALIASES.get(base, base)
    precision, scale = _PRECISION.get(kind, 0), 0
    if kind == "decimal":
        precision, scale = int(arguments[0]), int(arguments[1])
    elif kind.startswith(("timestamp", "time")):
        precision = max(3, int(arguments[0]) if arguments else 3)
    elif kind in ("varchar", "char") and arguments:
        precision = int(arguments[0])
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": kind,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind in _TEXT,
    }


def text_of(value: Any, signature: str) -> str | None:  # noqa: PLR0911 - one return a type
    """A value of Trino's JSON protocol as Athena writes it; None stays None."""
    if value is None:
        return None
    kind, arguments = split_type(signature)
    match kind:
        case "boolean":
            return str(value).lower()  # a map's key arrives as text
        case "double" | "real":
            return java_double(value, single=kind == "real")
        case "varbinary":
            return " ".join(f"{byte:02x}" for byte in base64.b64decode(value))
        case "array":
            return "[" + ", ".join(_nested(item, arguments[0]) for item in value) + "]"
        case "map":
            pairs = (f"{_nested(key, arguments[0])}={_nested(item, arguments[1])}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case "row":
            fields = zip(arguments, value, strict=True)
            return "{" + ", ".join(_field(field, index, item) for index, (field, item) in enumerate(fields)) + "}"
        case _ if kind.startswith("timestamp"):
            return _with_millis(str(value))
        case _:
            return str(value)


def _with_millis(text: str) -> str:
    """Seconds have three decimals at least, whatever the precision."""
    day, _, rest = text.partition(" ")
    clock, _, zone = rest.partition(" ")
    seconds, _, fraction = clock.partition(".")
    return f"{day} {seconds}.{fraction:0<3}" + (f" {zone}" if zone else "")


def _nested(value: Any, signature: str) -> str:
    text = text_of(value, signature)
    return "null" if text is None else text


def _field(field: str, index: int, value: Any) -> str:
    """`name type` or, in an anonymous row, `type`."""
    if quoted := _QUOTED_FIELD.fullmatch(field):
        name, signature = quoted[1].replace('""', '"'), quoted[2]
    else:
        name, _, signature = field.partition(" ")
        if not signature or "(" in name or field.startswith(_SPACED_TYPES):
            name, signature = f"field{index}", field
    return f"{name}={_nested(value, signature)}"


def java_double(value: Any, *, single: bool = False) -> str:
    """As Java's Double.toString (Float.toString) writes it: 1.0, 1.0E10, 1.0E-5, NaN, Infinity."""
    if isinstance(value, str):
        return value
    number = Decimal(repr(float(value)) if not single else str(value))
    if not number.is_finite():
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(float(value))]
    magnitude = abs(number)
    if magnitude == 0 or Decimal("0.001") <= magnitude < Decimal(10_000_000):
        text = format(number.normalize(), "f")
        return text if "." in text else text + ".0"
    exponent = number.adjusted()
    mantissa = format(number.scaleb(-exponent).normalize(), "f")
    return (mantissa if "." in mantissa else mantissa + ".0") + f"E{exponent}"


def csv_line(row: Row) -> str:
    """A row as Athena's result files have it: every value in quotes, NULL as nothing at all."""
    # Python's csv module tells NULL from "" only from version 3.12 on.
    return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) + "\n"
