"""Which AWS API call is this HTTP request? Decided from headers first; the body is looked at only for form posts.

Only services that we overlay are considered, so a request to any other service costs a dictionary look-up or two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from local_aws.rest import match_rest, service_model

_SCOPE = re.compile(r"Credential=[^,/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_CBOR_PATH = re.compile(r"^/service/([^/]+)/operation/([^/]+)$")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Route:
    """An API call: botocore's service name and the action."""

    service: str
    action: str


@dataclass
class Router:
    """Knows the overlaid services; built once at start."""

    services: Iterable[str]
    _targets: dict[str, str] = field(default_factory=dict)
    _forms: dict[tuple[str, str], str] = field(default_factory=dict)
    _rest: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for service in self.services:
            metadata = service_model(service).metadata
            if prefix := metadata.get("targetPrefix"):
                self._targets[prefix] = service
            scope = metadata.get("signingName") or metadata["endpointPrefix"]
            protocols = {metadata["protocol"], *metadata.get("protocols", ())}
            if protocols & {"query", "ec2"}:
                self._forms[scope, metadata["apiVersion"]] = service
            if protocols & {"rest-json", "rest-xml"}:
                self._rest[scope] = service

    def by_headers(self, method: str, path: str, query: str, headers: dict[str, str]) -> Route | None:
        """The call, when headers and path tell it."""
        if target := headers.get("x-amz-target"):
            prefix, _, action = target.rpartition(".")
            return Route(self._targets[prefix], action) if prefix in self._targets else None
        if cbor := _CBOR_PATH.match(path):
            service = self._targets.get(cbor[1])
            return Route(service, cbor[2]) if service else None
        service = self._rest.get(signing_scope(headers) or "")
        if service is None:
            return None
        found = match_rest(service, method, path, query)
        return Route(service, found.action) if found else None

    def may_be_form(self, method: str, headers: dict[str, str]) -> bool:
        """Whether the body must be read to know the call."""
        return bool(self._forms) and method == "POST" and headers.get("content-type", "").startswith(FORM)

    def by_form(self, headers: dict[str, str], body: bytes) -> Route | None:
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        service = self._forms.get((signing_scope(headers) or "", fields.get("Version", "")))
        return Route(service, fields["Action"]) if service and "Action" in fields else None


def signing_scope(headers: dict[str, str]) -> str | None:
    """The service a request was signed for (SigV4 credential scope)."""
    found = _SCOPE.search(headers.get("authorization", ""))
    return found[1] if found else None
