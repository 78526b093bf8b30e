"""The HTTP server of one function URL: a port of its own on 127.0.0.1, kept over restarts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import uvicorn

from local_aws.asgi import Receive, Scope, Send, headers_of, read_body, respond
from local_aws.context import Context
from local_aws.services import lambda_url_auth as auth
from local_aws.services.lambda_invocation import MAX_PAYLOAD_BYTES, NotInvokedError, invoke
from local_aws.services.lambda_url_events import cors_headers, event_of, response_of
from local_aws.settings import ACCOUNT
from local_aws.wire import HttpRequest, HttpResponse, Params

log = logging.getLogger("local_aws.lambda.urls")

RETRY_SECONDS = 5.0


class _Server(uvicorn.Server):  # type: ignore[misc,unused-ignore]
    """Signals are the gateway's own business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class UrlServer:
    """`config` gives the URL's configuration as it is now."""

    def __init__(self, ctx: Context, config: Callable[[], Params]) -> None:
        self.ctx, self._config = ctx, config

    async def run(self) -> None:
        """Serve until cancelled; a port that is taken is tried again."""
        port = self._config()["Port"]
        while True:
            try:
                listener = listen(port)
            except OSError as error:
                log.warning("port %d of a function URL cannot be opened (%s): free it", port, error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            settings = uvicorn.Config(self, lifespan="off", log_config=None, access_log=False, server_header=False)
            server = _Server(settings)
            try:
                await server.serve(sockets=[listener])
            finally:
                for accepting in getattr(server, "servers", []):
                    accepting.close()
                listener.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        query = scope.get("query_string", b"").decode("latin-1")
        body = await read_body(receive)
        http = HttpRequest(scope["method"], path.partition("?")[0], query, headers_of(scope), body)
        try:
            answer = await self._answer(http)
        except Exception:
            log.exception("a request to a function URL failed")
            answer = _message(502, "Internal Server Error", "InternalServerErrorException")
        await respond(send, answer)

    async def _answer(self, http: HttpRequest) -> HttpResponse:
        config = self._config()
        cors = cors_headers(config.get("Cors") or {}, http.headers.get("origin", ""))
        if http.method == "OPTIONS" and config.get("Cors"):
            return HttpResponse(200, cors)
        try:
            answer = await self._invoked(http, config)
        except auth.DeniedError as error:
            answer = _message(403, error.message, error.kind, error.field)
        return HttpResponse(answer.status, answer.headers | cors, answer.body)

    async def _invoked(self, http: HttpRequest, config: Params) -> HttpResponse:
        now = datetime.now(UTC)
        iam = None
        if config["AuthType"] == "AWS_IAM":
            iam = auth.iam_identity(auth.caller_of(http, now), ACCOUNT)
        if len(http.body) > MAX_PAYLOAD_BYTES:
            return _message(413, "Request Entity Too Large", "RequestTooLargeException")
        event = event_of(http, config["UrlId"], iam, now)
        try:
            result = await invoke(self.ctx, config["FunctionArn"], json.dumps(event))
        except NotInvokedError as error:
            return _message(error.status, "Rate Exceeded." if error.status == 429 else str(error), error.code)
        if result.function_error:
            return _message(502, "Internal Server Error", "InternalServerErrorException", "Message")
        return response_of(result.payload)


def listen(port: int) -> socket.socket:
    """A socket of 127.0.0.1."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    listener.listen(128)
    listener.setblocking(False)
    return listener


def _message(status: int, message: str, kind: str, field: str = "message") -> HttpResponse:
    body = json.dumps({field: message}).encode()
    return HttpResponse(status, {"content-type": "application/json", "x-amzn-errortype": kind}, body)
