"""What every request passes, as plain ASGI: security headers, a request id with its log line, limits."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.observability import Metrics, request_id
from storefront.pages import problem_response

logger = logging.getLogger(__name__)
_SANE_ID = re.compile(r"[A-Za-z0-9._=:-]{8,128}")
_UNLIMITED = ("/healthz", "/readyz", "/metrics", "/static/")
_CLIENTS = 10_000
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_TRANSPORT = {"strict-transport-security": "max-age=31536000; includeSubDomains"}


class SecurityHeaders:
    """Headers on every answer; pages are not stored unless they say so themselves.

    Whether the shopper came by TLS is what the load balancer says of the request: then cookies stay with TLS.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("cache-control", "no-store")
                if scope["scheme"] == "https":
                    headers.update(_TRANSPORT)
                    _keep_to_tls(headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _keep_to_tls(headers: MutableHeaders) -> None:
    cookies = headers.getlist("set-cookie")
    del headers["set-cookie"]
    for cookie in cookies:
        headers.append("set-cookie", f"{cookie}; Secure")


class Observed:
    """A request id, taken over when it is a sane token; one log line; an error page for what nobody caught."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        own = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex
        request_id.set(own)
        status, began = 0, time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = own
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
        """By the route's pattern: paths of others' making are neither metric labels nor log fields."""
        other = "/static" if scope["path"].startswith("/static/") else "unknown"
        route = getattr(scope.get("route"), "path", other)
        self.metrics.requests.labels(scope["method"] if route != "unknown" else "-", route, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        told = {
            "method": scope["method"], "route": route, "status": status, "milliseconds": round(seconds * 1000, 1),
        }  # fmt: skip
        logger.info("request", extra=told)


class RateLimit:
    """A token bucket for each client in this process: `per_minute` requests, a sixth of them at once."""

    def __init__(self, app: ASGIApp, *, per_minute: int) -> None:
        self.app, self.rate, self.burst = app, per_minute / 60, max(1.0, per_minute / 6)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.rate or scope["path"].startswith(_UNLIMITED):
            await self.app(scope, receive, send)
            return
        client = scope["client"][0] if scope.get("client") else "unknown"
        if self._admits(client, time.monotonic()):
            await self.app(scope, receive, send)
            return
        response = problem_response(Request(scope), 429, "That were too many requests.", "Wait a few seconds.")
        response.headers["retry-after"] = "5"
        await response(scope, receive, send)

    def _admits(self, client: str, now: float) -> bool:
        tokens, since = self._buckets.pop(client, (self.burst, now))
        tokens = min(self.burst, tokens + (now - since) * self.rate)
        admitted = tokens >= 1
        self._buckets[client] = (tokens - admitted, now)
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        return admitted


class BodyLimit:
    """Bodies of at most `most` bytes, by what is announced before anything is read, else by what comes; each piece
    within `seconds`."""

    def __init__(self, app: ASGIApp, *, most: int, seconds: float = 10.0) -> None:
        self.app, self.most, self.seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if not announced.isdecimal() or int(announced[:20]) > self.most:
            response = problem_response(Request(scope), 413, "What you sent is too large.", f"{self.most} bytes fit.")
            response.headers["connection"] = "close"
            await response(scope, receive, send)
            return
        received, whole = 0, False

        async def receive_some() -> Message:
            """Once the body is whole, what comes next is only that the client has gone: that may take its time."""
            nonlocal received, whole
            try:
                message = await (receive() if whole else asyncio.wait_for(receive(), self.seconds))
            except TimeoutError:
                raise HTTPException(408) from None
            whole = not message.get("more_body", False)
            received += len(message.get("body", b""))
            if received > self.most:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_some, send)
