"""The front door on 127.0.0.1: calls to services of ours are answered here, all else goes straight to the emulator.

`python -m local_aws.gateway` serves it; LOCAL_AWS_PORT, XDG_STATE_HOME and XDG_CACHE_HOME say where.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from local_aws.asgi import Message, Receive, Scope, Send, headers_of, read_body, replay, respond
from local_aws.connections import ClientFiles
from local_aws.context import INTERNAL_AGENT, Context, client_for
from local_aws.durable import BEFORE_ANSWERING, READS, StateKeeper
from local_aws.overlay import Overlay
from local_aws.routing import FORM, Route, signing_scope
from local_aws.settings import Settings
from local_aws.supervisor import EngineClient
from local_aws.upstream import Upstream, boot, run_lifespan
from local_aws.wire import AwsRequest, HttpRequest, HttpResponse, Params

log = logging.getLogger("local_aws.gateway")

HEALTH_PATH = "/_local_aws/health"
START_DEADLINE_SECONDS = 300
_OBJECT_PATH = re.compile(r"^/[^/]+/.+")
_INVOCATION = re.compile(r"/\d{4}-\d\d-\d\d/functions/[^/]+/(invocations|response-streaming-invocations)")


@dataclass
class Gateway:
    """One ASGI application: overlaid services in front, ministack behind."""

    settings: Settings
    upstream: Upstream
    overlay: Overlay
    keeper: StateKeeper
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _stop_upstream: Callable[[], Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self.upstream.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == HEALTH_PATH:
            await respond(send, self._health())
            return
        headers = headers_of(scope)
        path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        query = scope.get("query_string", b"").decode("latin-1")
        router = self.overlay.router
        route = router.by_headers(scope["method"], path, query, headers)
        body: bytes | None = None
        if route is None and router.may_be_form(scope["method"], headers):
            body = await read_body(receive)
            route = router.by_form(headers, body)
        if route is not None and self.overlay.serves(route):
            body = await read_body(receive) if body is None else body
            http = HttpRequest(scope["method"], path, query, headers, _inflated(body, headers))
            await respond(send, await self._overlaid(route, http))
            return
        await self._upstream(scope, receive if body is None else replay(body), send, headers, body)

    async def _overlaid(self, route: Route, http: HttpRequest) -> HttpResponse:
        if INTERNAL_AGENT not in http.headers.get("user-agent", ""):
            await asyncio.wait_for(self.overlay.started.wait(), START_DEADLINE_SECONDS)
        return await self.overlay.answer(route, http)

    async def _upstream(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], body: bytes | None
    ) -> None:
        """Pass through; when the call may have changed something, its state is on disk before the answer leaves."""
        query = scope.get("query_string", b"").decode("latin-1")
        changed = changed_state(self.upstream, HttpRequest(scope["method"], scope["path"], query, headers, body or b""))
        if changed is None or changed not in BEFORE_ANSWERING:
            await self.upstream.app(scope, receive, send)
            if changed is not None:
                await self.keeper.changed(changed)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self.upstream.app(scope, receive, hold)
        await self.keeper.changed(changed)
        for message in held:
            await send(message)

    def _health(self) -> HttpResponse:
        ready = self.overlay.started.is_set()
        document = {"status": "ok" if ready else "starting", "services": self.overlay.report()}
        return HttpResponse(200 if ready else 503, {"content-type": "application/json"}, json.dumps(document).encode())

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._stop_upstream = await run_lifespan(self.upstream.app)
        self._spawn(self.keeper.run())
        self._spawn(self.overlay.start())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.overlay.stop()
        for task in self._tasks:
            task.cancel()
        await self._stop_upstream()
        await send({"type": "lifespan.shutdown.complete"})

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def changed_state(upstream: Upstream, http: HttpRequest) -> str | None:
    """The state that a request may change; None for reads and for S3 objects (they are files already)."""
    if signing_scope(http.headers) == "s3":
        of_objects = _OBJECT_PATH.match(http.path) or http.query_string.startswith("delete")
        return None if of_objects or http.method in ("GET", "HEAD") else "s3"
    if _INVOCATION.fullmatch(http.path):
        return None
    is_form = http.headers.get("content-type", "").startswith(FORM)
    fields = parse_qs(http.body.decode("latin-1")) if is_form else {}
    action = http.headers.get("x-amz-target", "").rpartition(".")[2] or fields.get("Action", [""])[0]
    if (action and READS.match(action)) or (not action and http.method in ("GET", "HEAD")):
        return None
    service = upstream.service_of(http.method, http.path, http.headers, fields)
    return None if service == "s3" and _OBJECT_PATH.match(http.path) else upstream.state_key(service)


def _inflated(body: bytes, headers: dict[str, str]) -> bytes:
    return gzip.decompress(body) if headers.get("content-encoding", "") == "gzip" else body


def build(settings: Settings) -> Gateway:
    """Everything wired together; nothing started yet."""
    upstream = boot(settings)
    keeper = StateKeeper(upstream, settings.state / "ministack")
    client_files = ClientFiles(settings, lambda service: client_for(service, settings))
    keeper.watchers["secretsmanager"] = client_files.refresh_soon

    async def call(request: AwsRequest, params: Params | None = None) -> Params:
        """What a service of ours asks of the emulator is as durable as what a client asks."""
        result = await upstream.call(request, params)
        changed = changed_state(upstream, request.http)
        if changed is not None:
            await keeper.changed(changed)
        return result

    return Gateway(settings, upstream, Overlay.discover(Context(settings, EngineClient(settings), call)), keeper)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    settings = Settings.from_environment()
    uvicorn.run(
        build(settings),
        host="127.0.0.1",
        port=settings.port,
        lifespan="on",
        access_log=False,
        log_config=None,
        date_header=False,
        server_header=False,
        timeout_keep_alive=300,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
