"""REST operations of a service: which one a method and a path mean, and what the path's labels hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote

from moto.core.model import ServiceModel
from moto.core.utils import get_service_model

_LABEL = re.compile(r"\\\{([^}]+?)(\\\+)?\\\}")


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, with what a server needs added by moto."""
    return get_service_model(service)


@dataclass(frozen=True)
class RestPattern:
    """One operation of a REST service, as botocore's `requestUri` describes it."""

    action: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]

    def matches(self, method: str, path: str, query: dict[str, str]) -> bool:
        return method == self.method and self.query <= query.keys() and self.path.fullmatch(path) is not None


def match_rest(service: str, method: str, path: str, query: str) -> RestPattern | None:
    """The REST operation with the most specific pattern, as AWS's own front end chooses."""
    names = dict(parse_qsl(query, keep_blank_values=True))
    trimmed = path.rstrip("/") or "/"
    return next((p for p in _rest_patterns(service) if p.matches(method, trimmed, names)), None)


def path_parameters(service: str, method: str, path: str, query: str) -> dict[str, str]:
    """Values of the labels in the request's path, by label name."""
    pattern = match_rest(service, method, path, query)
    found = pattern.path.fullmatch(path.rstrip("/") or "/") if pattern else None
    if found is None or pattern is None:
        return {}
    names = _labels(service, pattern.action)
    return {name: unquote(value) for name, value in zip(names, found.groups(), strict=True)}


def _uri(service: str, action: str) -> tuple[str, str]:
    path, _, query = service_model(service).operation_model(action).http["requestUri"].partition("?")
    return path.rstrip("/") or "/", query


@cache
def _labels(service: str, action: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\{([^}+]+)\+?\}", _uri(service, action)[0]))


@cache
def _rest_patterns(service: str) -> tuple[RestPattern, ...]:
    """Most specific first: more literal text in the path, then more required query names."""
    patterns = []
    for action in service_model(service).operation_names:
        path, query = _uri(service, action)
        expression = _LABEL.sub(lambda label: "(.+)" if label[2] else "([^/]+)", re.escape(path))
        names = frozenset(name for name, _ in parse_qsl(query, keep_blank_values=True))
        method = service_model(service).operation_model(action).http["method"]
        literals = len(re.sub(r"\{[^}]*\}", "", path))
        patterns.append((literals, len(names), RestPattern(action, method, re.compile(expression), names)))
    return tuple(pattern for _, _, pattern in sorted(patterns, key=lambda entry: entry[:2], reverse=True))
