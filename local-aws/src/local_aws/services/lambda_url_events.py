"""A function URL's request as an event of payload format 2.0, and a function's result as an HTTP response. Pure.

Source: "Invoking Lambda function URLs".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from local_aws.settings import ACCOUNT
from local_aws.wire import HttpRequest, HttpResponse

_TEXT_TYPES = ("application/json", "application/xml", "application/javascript")


def event_of(http: HttpRequest, url_id: str, iam: Mapping[str, object] | None, now: datetime) -> dict[str, Any]:
    """`iam` is who signed the request; None for a URL that anyone may call."""
    host, path = http.headers.get("host", ""), unquote(http.path)
    headers = {name: value for name, value in http.headers.items() if name != "cookie"}
    request = {
        "accountId": ACCOUNT if iam else "anonymous",
        "apiId": url_id,
        "domainName": host,
        "domainPrefix": url_id,
        "http": {
            "method": http.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": http.headers.get("user-agent", ""),
        },
        "requestId": str(uuid4()),
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": http.query_string,
        "headers": headers | {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"},
        "requestContext": request | ({"authorizer": {"iam": iam}} if iam else {}),
    }
    if cookies := http.headers.get("cookie"):
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if http.query_string:
        event["queryStringParameters"] = _joined(parse_qsl(http.query_string, keep_blank_values=True))
    return event | _body(http)


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Values of a name that comes more than once, joined by commas."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body(http: HttpRequest) -> dict[str, Any]:
    if not http.body:
        return {"isBase64Encoded": False}
    kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("text/") or kind in _TEXT_TYPES:
        return {"body": http.body.decode("utf-8", "replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(http.body).decode(), "isBase64Encoded": True}


def response_of(payload: bytes) -> HttpResponse:
    """Without a statusCode the whole result is the body, as JSON."""
    result = json.loads(payload or b"null")
    if not isinstance(result, dict) or "statusCode" not in result:
        return HttpResponse(200, {"content-type": "application/json"}, payload)
    headers = {"content-type": "application/json"}
    headers |= {str(name).lower(): str(value) for name, value in (result.get("headers") or {}).items()}
    if result.get("cookies"):
        headers["set-cookie"] = ", ".join(result["cookies"])
    body = result.get("body") or ""
    text = body if isinstance(body, str) else json.dumps(body)
    return HttpResponse(
        int(result["statusCode"]), headers, base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()
    )


def cors_headers(cors: dict[str, Any], origin: str) -> dict[str, str]:
    """Nothing for an origin that the configuration does not name."""
    allowed = cors.get("AllowOrigins") or []
    if not ("*" in allowed or (origin and origin in allowed)):
        return {}
    found = {"access-control-allow-origin": "*" if "*" in allowed else origin, "vary": "Origin"}
    for name, header in (("AllowMethods", "allow-methods"), ("AllowHeaders", "allow-headers"),
                         ("ExposeHeaders", "expose-headers")):  # fmt: skip
        if cors.get(name):
            found[f"access-control-{header}"] = ",".join(cors[name])
    if cors.get("AllowCredentials"):
        found["access-control-allow-credentials"] = "true"
    if cors.get("MaxAge"):
        found["access-control-max-age"] = str(cors["MaxAge"])
    return found
