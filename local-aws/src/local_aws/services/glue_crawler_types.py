"""Column types as Glue's catalog names them: of Parquet, JSON and CSV, and what two of them make together."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

import pyarrow as pa

Columns = dict[str, str]  # name (lower case) → Hive type, in the order they were found
Shape = Any  # while JSON is read: a type's name, [Shape] for an array, {name: Shape} for a struct

# Each holds the values of those before it.
_WIDER = ("tinyint", "smallint", "int", "bigint", "float", "double")
_INTEGERS = {8: "tinyint", 16: "smallint", 32: "int", 64: "bigint"}
_INT_RANGE = range(-(2**31), 2**31)
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def of_arrow(kind: pa.DataType) -> str:
    """The Hive type in which Athena reads a column of Parquet."""
    if pa.types.is_dictionary(kind):
        return of_arrow(kind.value_type)
    if pa.types.is_integer(kind):
        return _of_integer(kind)
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return _of_nested(kind) if pa.types.is_nested(kind) else _of_simple(kind)


def _of_nested(kind: pa.DataType) -> str:
    if pa.types.is_map(kind):
        return f"map<{of_arrow(kind.key_type)},{of_arrow(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ",".join(f"{field.name.lower()}:{of_arrow(field.type)}" for field in kind) + ">"
    return f"array<{of_arrow(kind.value_type)}>"


def _of_integer(kind: pa.DataType) -> str:
    """Hive has signed integers only: an unsigned one takes the next size."""
    if pa.types.is_signed_integer(kind):
        return _INTEGERS[kind.bit_width]
    return _INTEGERS.get(kind.bit_width * 2, "decimal(20,0)")


def _of_simple(kind: pa.DataType) -> str:
    checks = {
        "boolean": pa.types.is_boolean,
        "float": lambda one: pa.types.is_float16(one) or pa.types.is_float32(one),
        "double": pa.types.is_float64,
        "date": pa.types.is_date,
        "timestamp": pa.types.is_timestamp,
        "int": pa.types.is_time32,
        "bigint": pa.types.is_time64,
        "binary": lambda one: pa.types.is_binary(one) or pa.types.is_large_binary(one)
        or pa.types.is_fixed_size_binary(one),
    }  # fmt: skip
    return next((name for name, check in checks.items() if check(kind)), "string")


def of_json(value: Any) -> Shape:
    """The shape of a JSON value; null is of no type yet (None)."""
    if isinstance(value, list):
        return [reduce(together, (of_json(item) for item in value), None)]
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if value in _INT_RANGE else "bigint"
    return {type(None): None, bool: "boolean", float: "double"}.get(type(value), "string")


def _of_object(value: dict[str, Any]) -> dict[str, Shape]:
    shape: dict[str, Shape] = {}
    for name, item in value.items():
        shape[name.lower()] = together(shape.get(name.lower()), of_json(item))
    return shape


def together(one: Shape, other: Shape) -> Shape:
    """The shape that holds both; what does not fit together is text."""
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: together(one.get(name), other.get(name)) for name in one | other}
    if isinstance(one, list) and isinstance(other, list):
        return [together(one[0], other[0])]
    if isinstance(one, str) and isinstance(other, str):
        return merged(one, other)
    return "string"


def rendered(shape: Shape) -> str:
    """A shape as a Hive type."""
    if isinstance(shape, list):
        return f"array<{rendered(shape[0])}>"
    if isinstance(shape, dict) and shape:
        return "struct<" + ",".join(f"{name}:{rendered(item)}" for name, item in shape.items()) + ">"
    return shape if isinstance(shape, str) else "string"


def of_text(texts: list[str]) -> str:
    """The type of a CSV column by its values; empty ones say nothing."""
    found = {_of_word(text.strip()) for text in texts if text.strip()}
    if len(found) == 1:
        return found.pop()
    return "double" if found == {"bigint", "double"} else "string"


def _of_word(text: str) -> str:
    if _WHOLE.fullmatch(text):
        return "bigint"
    if _NUMBER.fullmatch(text):
        return "double"
    return "boolean" if text.lower() in ("true", "false") else "string"


def merged(one: str, other: str) -> str:
    """The Hive type for a column that has both types in different files."""
    if one == other:
        return one
    if one in _WIDER and other in _WIDER:
        return _WIDER[max(_WIDER.index(one), _WIDER.index(other))]
    decimals = _DECIMAL.fullmatch(one), _DECIMAL.fullmatch(other)
    if decimals[0] and decimals[1]:
        scale = max(int(decimals[0][2]), int(decimals[1][2]))
        whole = max(int(decimals[0][1]) - int(decimals[0][2]), int(decimals[1][1]) - int(decimals[1][2]))
        return f"decimal({min(whole + scale, 38)},{scale})"
    return "string"


def mergeable(one: str, other: str) -> bool:
    """Whether two types are the same or widen into one another."""
    return one == other or merged(one, other) != "string"


def all_columns(many: list[Columns]) -> Columns:
    """Every column of several schemas, in the order of their first appearance."""
    result: Columns = {}
    for columns in many:
        for name, kind in columns.items():
            result[name] = merged(result[name], kind) if name in result else kind
    return result
