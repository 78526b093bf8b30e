"""Filter patterns of CloudWatch Logs. Pure.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Test = Callable[[Any], bool]
Fields = dict[str, Any]


class PatternError(ValueError):
    """CloudWatch Logs would refuse the pattern."""


@dataclass(frozen=True)
class Match:
    """A message that fits: `value` looks up $.path or $name in it."""

    document: Any

    def value(self, reference: str) -> Any:
        if reference.startswith(("$.", "$[")):
            return lookup(self.document, reference)
        return self.document.get(reference[1:]) if isinstance(self.document, dict) else None


Pattern = Callable[[str], Match | None]


def compiled(text: str) -> Pattern:
    """Raises PatternError."""
    text = text.strip()
    if text.startswith("{"):
        if not text.endswith("}"):
            raise PatternError("a JSON pattern ends with }")
        return _json_pattern(_Expression(text[1:-1]).whole())
    if text.startswith("["):
        if not text.endswith("]"):
            raise PatternError("a space-delimited pattern ends with ]")
        return _columns(text[1:-1])
    return _terms(text)


# --- unstructured text ---

_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|(\S+))')


def _terms(text: str) -> Pattern:
    """All words, none of those after a minus, and any of those after a question mark."""
    wanted: list[Test] = []
    unwanted: list[Test] = []
    options: list[Test] = []
    for sign, quoted, expression, word in _TERM.findall(text):
        test = _regex(expression) if expression else _contains(word or quoted.replace('\\"', '"'))
        {"": wanted, "-": unwanted, "?": options}[sign].append(test)

    def match(message: str) -> Match | None:
        fits = all(test(message) for test in wanted) and not any(test(message) for test in unwanted)
        if options and not wanted:
            fits = fits and any(test(message) for test in options)
        return Match({}) if fits else None

    return match


def _contains(word: str) -> Test:
    return lambda message: word in message


def _regex(expression: str) -> Test:
    try:
        found = re.compile(expression)
    except re.error as error:
        raise PatternError(f"%{expression}% is no regular expression: {error}") from None
    return lambda value: isinstance(value, str) and found.search(value) is not None


# --- JSON ---


def _json_pattern(test: Test) -> Pattern:
    def match(message: str) -> Match | None:
        try:
            document = json.loads(message)
        except ValueError:
            return None
        return Match(document) if isinstance(document, dict | list) and test(document) else None

    return match


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


class _Expression:
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
        test = _regex(wanted)
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


# --- space-delimited ---

_PART = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')


def _columns(text: str) -> Pattern:
    """[ip, ..., status = 4*, bytes > 100]: names for the words of a line, and what they must be."""
    names: list[str] = []
    tests: list[tuple[str, Test]] = []
    for part in (piece.strip() for piece in text.split(",")):
        found = re.match(r"(\.\.\.|\w+)\s*(.*)$", part)
        if found is None:
            raise PatternError(f"{part!r} is no column")
        names.append(found[1])
        if found[2]:
            tests.append((found[1], _Expression(f"$.{part}").whole()))

    def match(message: str) -> Match | None:
        words = [next(filter(None, groups), "") for groups in _PART.findall(message)]
        fields = _named(names, words)
        if fields is None or not all(test(fields) for _, test in tests):
            return None
        return Match(fields)

    return match


def _named(names: list[str], words: list[str]) -> Fields | None:
    if "..." not in names:
        return dict(zip(names, words, strict=True)) if len(names) == len(words) else None
    gap = names.index("...")
    after = len(names) - gap - 1
    if len(words) < len(names) - 1:
        return None
    head = dict(zip(names[:gap], words[:gap], strict=True))
    return head | dict(zip(names[gap + 1 :], words[len(words) - after :], strict=True))
