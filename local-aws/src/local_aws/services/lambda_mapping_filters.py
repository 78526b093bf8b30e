"""Which records a mapping's FilterCriteria let through. Pure.

Source: "Control which events Lambda sends to your function", "Filter rule syntax".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

Pattern = dict[str, Any]


def patterns(criteria: dict[str, Any] | None) -> list[Pattern]:
    """The filters of FilterCriteria; raises ValueError for one that is no JSON object."""
    found = []
    for entry in (criteria or {}).get("Filters") or []:
        pattern = json.loads(entry.get("Pattern") or "{}")
        if not isinstance(pattern, dict):
            raise ValueError("a filter pattern must be a JSON object")  # noqa: TRY004 - as json says of other text
        found.append(pattern)
    return found


def kinesis_passes(filters: list[Pattern], partition_key: str, data: bytes) -> bool:
    """Any filter suffices. A pattern for `data` that is an object wants JSON data; data that is none is dropped."""
    return not filters or any(_kinesis_matches(pattern, partition_key, data) for pattern in filters)


def _kinesis_matches(pattern: Pattern, partition_key: str, data: bytes) -> bool:
    wanted = pattern.get("data")
    record: dict[str, Any] = {"partitionKey": partition_key, "data": base64.b64encode(data).decode()}
    if wanted is not None:
        try:
            text = data.decode()
            record["data"] = json.loads(text) if isinstance(wanted, dict) else text
        except ValueError:
            return False
    return matches(pattern, record)


def matches(pattern: Pattern, event: Any) -> bool:
    """All fields of the pattern must fit."""
    if not isinstance(event, dict):
        return False
    return all(
        any(matches(option, event) for option in rules) if field == "$or" else _field_fits(rules, field, event)
        for field, rules in pattern.items()
    )


def _field_fits(rules: Any, field: str, event: dict[str, Any]) -> bool:
    if isinstance(rules, dict):
        return matches(rules, event.get(field, {}))
    values = event[field] if isinstance(event.get(field), list) else [event.get(field)]
    return any(_rule_fits(rule, field in event, value) for rule in rules for value in values or [None])


def _rule_fits(rule: Any, exists: bool, value: Any) -> bool:
    if not isinstance(rule, dict):
        return exists and rule == value and isinstance(rule, bool) == isinstance(value, bool)
    name, wanted = next(iter(rule.items()))
    if name == "exists":
        return exists is wanted
    return exists and _OPERATORS[name](wanted, value)


def _anything_but(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        return not _rule_fits(wanted, True, value)
    return value not in (wanted if isinstance(wanted, list) else [wanted])


def _numeric(wanted: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(wanted[::2], wanted[1::2], strict=True)
    return all(_COMPARISONS[operator](value, limit) for operator, limit in pairs)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda wanted, value: isinstance(value, str) and value.startswith(wanted),
    "suffix": lambda wanted, value: isinstance(value, str) and value.endswith(wanted),
    "equals-ignore-case": lambda wanted, value: isinstance(value, str) and value.lower() == wanted.lower(),
    "anything-but": _anything_but,
    "numeric": _numeric,
}
