"""Filter patterns of CloudWatch Logs. Pure.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_aws.services.logs_expressions import Expression, PatternError, Test, lookup, regex

Fields = dict[str, Any]


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
        return _json_pattern(Expression(text[1:-1]).whole())
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
        test = regex(expression) if expression else _contains(word or quoted.replace('\\"', '"'))
        {"": wanted, "-": unwanted, "?": options}[sign].append(test)

    def match(message: str) -> Match | None:
        fits = all(test(message) for test in wanted) and not any(test(message) for test in unwanted)
        if options and not wanted:
            fits = fits and any(test(message) for test in options)
        return Match({}) if fits else None

    return match


def _contains(word: str) -> Test:
    return lambda message: word in message


# --- JSON ---


def _json_pattern(test: Test) -> Pattern:
    def match(message: str) -> Match | None:
        try:
            document = json.loads(message)
        except ValueError:
            return None
        return Match(document) if isinstance(document, dict | list) and test(document) else None

    return match


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
            tests.append((found[1], Expression(f"$.{part}").whole()))

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
