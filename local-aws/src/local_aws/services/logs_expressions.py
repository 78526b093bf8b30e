"""Comparisons inside the patterns of CloudWatch Logs, such as ($.ms > 100 && $.path = /items*) || $.slow IS TRUE. Pure.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Any], bool]


class PatternError(ValueError):
    """CloudWatch Logs would refuse the pattern."""


def regex(expression: str) -> Test:
    """The test of %expression%."""
    try:
        found = re.compile(expression)
    except re.error as error:
        raise PatternError(f"%{expression}% is no regular expression: {error}") from None
    return lambda value: isinstance(value, str) and found.search(value) is not None


_MISSING = object()
_STEP = re.compile(r"\.([\w-]+)|\.?\[['\"]([^'\"]+)['\"]\]|\[(\d+)\]")


def lookup(document: Any, path: str, default: Any = None) -> Any:
    """The value at $.a.b[0].c or $.['a b']."""
    position, value = 1, document
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise PatternError(f"{path} is no property selector")
        position = step.end()
        if step[3] is not None:
            value = value[int(step[3])] if isinstance(value, list) and int(step[3]) < len(value) else _MISSING
        else:
            value = value.get(step[1] or step[2], _MISSING) if isinstance(value, dict) else _MISSING
        if value is _MISSING:
            return default
    return value


_TOKEN = re.compile(
    r"""\s*(?:(?P<path>\$[\w.\-\[\]'"]*)|(?P<sign>&&|\|\||!=|<=|>=|[=<>()])|"(?P<text>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%"""
    r"""|(?P<word>[^\s()&|=<>!]+))"""
)


class Expression:
    """Recursive descent over comparisons joined by && and ||."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise PatternError(f"unexpected {text[position:]!r}")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        self._next = 0

    def whole(self) -> Test:
        test = self._either()
        if self._next != len(self._tokens):
            raise PatternError(f"unexpected {self._tokens[self._next][1]!r}")
        return test

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek() == ("sign", "||"):
            self._take()
            tests.append(self._both())
        return lambda document: any(test(document) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._peek() == ("sign", "&&"):
            self._take()
            tests.append(self._single())
        return lambda document: all(test(document) for test in tests)

    def _single(self) -> Test:
        if self._peek() == ("sign", "("):
            self._take()
            test = self._either()
            if self._take() != ("sign", ")"):
                raise PatternError("a parenthesis is not closed")
            return test
        kind, path = self._take()
        if kind != "path":
            raise PatternError(f"{path!r} stands where a selector such as $.level must")
        lookup({}, path)
        compare = self._comparison()
        return lambda document: compare(lookup(document, path, _MISSING))

    def _comparison(self) -> Test:
        kind, operator = self._take()
        if kind == "word" and operator.upper() in ("IS", "NOT"):
            wanted = self._take()[1].upper()
            constants = {"TRUE": True, "FALSE": False, "NULL": None}
            if operator.upper() == "NOT" and wanted == "EXISTS":
                return lambda value: value is _MISSING
            if operator.upper() == "IS" and wanted in constants:
                return lambda value: value is constants[wanted]
            raise PatternError(f"{operator} {wanted} is no comparison")
        if kind != "sign" or operator not in _OPERATORS:
            raise PatternError(f"{operator!r} is no comparison")
        return comparison(operator, *self._take())


_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, limit: value == limit,
    "!=": lambda value, limit: value != limit,
    "<": lambda value, limit: value < limit,
    ">": lambda value, limit: value > limit,
    "<=": lambda value, limit: value <= limit,
    ">=": lambda value, limit: value >= limit,
}


def comparison(operator: str, kind: str, wanted: str) -> Test:
    """A number compares with numbers; text, in which * stands for anything, with text."""
    if kind == "end":
        raise PatternError(f"nothing follows {operator}")
    if kind == "regex":
        test = regex(wanted)
        return test if operator == "=" else lambda value: value is not _MISSING and not test(value)
    number = _number(wanted) if kind == "word" else None
    if number is not None:
        return lambda value: (found := _number(value)) is not None and _OPERATORS[operator](found, number)
    if operator not in ("=", "!="):
        raise PatternError(f"{operator} compares numbers, and {wanted!r} is none")
    text = re.compile(".*".join(map(re.escape, wanted.split("*"))), re.DOTALL)
    if operator == "=":
        return lambda value: _scalar(value) and text.fullmatch(_spelled(value)) is not None
    return lambda value: _scalar(value) and text.fullmatch(_spelled(value)) is None


def _scalar(value: Any) -> bool:
    return value is not _MISSING and isinstance(value, str | int | float)


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except ValueError:
        return None
