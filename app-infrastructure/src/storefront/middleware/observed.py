"""A request's id, its log line and its figures; and the answer to what nobody caught."""

from __future__ import annotations

import logging
import re
import secrets
import time
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.metrics import Metrics
from storefront.observability import request_id
from storefront.pages import problem_response

logger = logging.getLogger(__name__)
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
_SANE_ID = re.compile(rb"[A-Za-z0-9._=:-]{8,128}")


class Observed:
    """Takes a request's id over when it is a sane token."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        # A label's figure is looked up once: there are as many as there are routes and statuses.
        self._requests = cache(metrics.requests.labels)
        self._seconds = cache(metrics.seconds.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        own = _sane_id(scope["headers"]) or secrets.token_hex(16)
        request_id.set(own)
        status, began = 0, time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", own.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            logger.exception("A request failed.")
            if status:
                raise
            response = problem_response(
                Request(scope), 500, "Something went wrong on our side.", "Try again in a moment."
            )
            await response(scope, receive, send_with_id)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """By the route's pattern: paths and methods of others' making are neither metric labels nor log fields."""
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if route != "unknown" and scope["method"] in _METHODS else "-"
        self._requests(method, route, str(status)).inc()
        self._seconds(route).observe(seconds)
        told: dict[str, Any] = {
            "method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000, 1),
        }  # fmt: skip
        logger.info("request", extra=told)


def _sane_id(headers: list[tuple[bytes, bytes]]) -> str | None:
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given.decode() if _SANE_ID.fullmatch(given) else None
