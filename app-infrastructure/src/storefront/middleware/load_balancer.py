"""Who asks and by which scheme, as the load balancer saw it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_SCHEMES = {"http", "https"}


class BehindLoadBalancer:
    """Takes client and scheme from an Application Load Balancer's headers; for instances that nothing else reaches.

    "HTTP headers and Application Load Balancers": it appends the address that it saw to X-Forwarded-For, so the last
    entry is its own word and the ones before it are whatever the client wrote; X-Forwarded-Proto it sets.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if forwarded := headers.getlist("x-forwarded-for"):
                scope["client"] = (forwarded[-1].rpartition(",")[2].strip(), 0)
            if (scheme := headers.getlist("x-forwarded-proto")[-1:]) and scheme[0] in _SCHEMES:
                scope["scheme"] = scheme[0]
        await self.app(scope, receive, send)
