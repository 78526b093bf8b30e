"""GetPartitions' Expression: a condition over partition keys, in SQL's WHERE syntax (AWS: "GetPartitions")."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

_COMPARISONS: dict[type[exp.Expression], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "long", "decimal", "double", "float")
_NULL = "__HIVE_DEFAULT_PARTITION__"

Value = str | Decimal | None


class InvalidExpression(Exception):  # noqa: N818 - named as Glue's error
    """The text is no condition that Glue evaluates."""


def parse(expression: str) -> exp.Expression:
    try:
        return parse_one(expression, dialect="hive")
    except SqlglotError as error:
        raise InvalidExpression(f"Unsupported expression '{expression}'") from error


def matches(condition: exp.Expression, keys: Sequence[Mapping[str, str]], values: Sequence[str]) -> bool:
    """Whether a partition satisfies the condition; `keys` are the table's partition columns, in order."""
    types = {key["Name"].lower(): key.get("Type", "string").lower() for key in keys}
    row = {name: _typed(text, types[name]) for name, text in zip(types, values, strict=False)}
    return _evaluate(condition, row, types)


def _evaluate(node: exp.Expression, row: Mapping[str, Value], types: Mapping[str, str]) -> bool:
    match node:
        case exp.Paren():
            return _evaluate(node.this, row, types)
        case exp.Not():
            return not _evaluate(node.this, row, types)
        case exp.And():
            return _evaluate(node.left, row, types) and _evaluate(node.right, row, types)
        case exp.Or():
            return _evaluate(node.left, row, types) or _evaluate(node.right, row, types)
    return _holds(node, row, types)


def _holds(node: exp.Expression, row: Mapping[str, Value], types: Mapping[str, str]) -> bool:
    """A condition without AND, OR and NOT."""
    match node:
        case exp.In():
            return any(_compare(operator.eq, node.this, item, row, types) for item in node.expressions)
        case exp.Between():
            return _compare(operator.ge, node.this, node.args["low"], row, types) and _compare(
                operator.le, node.this, node.args["high"], row, types
            )
        case exp.Like():
            return _like(_value(node.this, row, "string"), str(node.expression.this))
        case exp.Is() if isinstance(node.expression, exp.Null):
            return _value(node.this, row, "string") is None
        case _ if type(node) in _COMPARISONS:
            return _compare(_COMPARISONS[type(node)], node.args["this"], node.args["expression"], row, types)
    raise InvalidExpression(f"Unsupported expression '{node.sql(dialect='hive')}'")


def _compare(
    compare: Callable[[Any, Any], bool],
    left: exp.Expression,
    right: exp.Expression,
    row: Mapping[str, Value],
    types: Mapping[str, str],
) -> bool:
    column = next((side.name.lower() for side in (left, right) if isinstance(side, exp.Column)), "")
    kind = types.get(column, "string")
    one, other = _value(left, row, kind), _value(right, row, kind)
    return one is not None and other is not None and compare(one, other)


def _value(node: exp.Expression, row: Mapping[str, Value], kind: str) -> Value:
    match node:
        case exp.Column():
            if node.name.lower() not in row:
                raise InvalidExpression(f"{node.name} is no partition column")
            return row[node.name.lower()]
        case exp.Neg():
            return _typed(f"-{node.this.name}", kind)
        case exp.Literal():
            return _typed(str(node.this), kind)
        case exp.Cast() | exp.Paren():
            return _value(node.this, row, kind)
    raise InvalidExpression(f"Unsupported expression '{node.sql(dialect='hive')}'")


def _typed(text: str, kind: str) -> Value:
    if text == _NULL:
        return None
    if not kind.startswith(_NUMBERS):
        return text
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise InvalidExpression(f"'{text}' is not a {kind}") from error


def _like(value: Value, pattern: str) -> bool:
    parts = (".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in pattern)
    return value is not None and re.fullmatch("".join(parts), str(value), re.DOTALL) is not None
