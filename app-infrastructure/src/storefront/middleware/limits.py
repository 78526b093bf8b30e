"""How often one may ask, and how much and how slowly one may send."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.pages import problem_response

_UNLIMITED = ("/healthz", "/static/")
_CLIENTS = 10_000
_FORM = "application/x-www-form-urlencoded"


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
    """Forms of at most `most` bytes, by what is announced before anything is read, else by what comes; each piece
    within `seconds`. Nothing here takes another kind of body."""

    def __init__(self, app: ASGIApp, *, most: int, seconds: float = 10.0) -> None:
        self.app, self.most, self.seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        announced = headers.get("content-length", "0")
        if announced == "0" and "transfer-encoding" not in headers:
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope, announced, headers.get("content-type", _FORM))
        await (refusal(scope, receive, send) if refusal else self.app(scope, self._bounded(receive), send))

    def _refusal(self, scope: Scope, announced: str, kind: str) -> Response | None:
        """Sent before any of the body is waited for."""
        if not announced.isdecimal() or int(announced[:20]) > self.most:
            refusal = problem_response(Request(scope), 413, "What you sent is too large.", f"{self.most} bytes fit.")
        elif kind.partition(";")[0].strip().lower() != _FORM:
            refusal = problem_response(Request(scope), 415, "What you sent is no form.", f"Send {_FORM}.")
        else:
            return None
        refusal.headers["connection"] = "close"
        return refusal

    def _bounded(self, receive: Receive) -> Receive:
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

        return receive_some
