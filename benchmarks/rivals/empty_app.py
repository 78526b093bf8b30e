"""An ASGI application that does nothing: what server and load generator can do at most."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send


async def app(scope: Scope, _: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
