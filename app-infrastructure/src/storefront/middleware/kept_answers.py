"""Answers that are the same for many, kept as bytes: a page for whoever has no visit yet, a picture for all."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RawHeaders = list[tuple[bytes, bytes]]
_MOST, _MOST_BYTES = 2_000, 32 * 1024 * 1024
_WISH = "storefront.keep"


@dataclass(frozen=True)
class Wish:
    """A route's: keep this answer so many seconds; `for_all`, also for those who have a visit."""

    seconds: float
    for_all: bool


@dataclass(frozen=True)
class Answer:
    wish: Wish
    until: float
    version: object
    route: Any
    etag: bytes
    headers: RawHeaders
    body: bytes


def keep_for_strangers(request: Request, seconds: float) -> None:
    """Say that whoever has no visit is answered alike for so long, or until the catalogue is another."""
    request.scope[_WISH] = Wish(seconds, for_all=False)


def keep_for_all(request: Request, seconds: float) -> None:
    request.scope[_WISH] = Wish(seconds, for_all=True)


class KeptAnswers:
    """Kept in memory by path and query while `version()` stays the same object; an ETag spares sending it again.

    Nothing that sets a cookie is kept, and nothing that was made for a request with a visit, unless it is for all.
    """

    def __init__(self, app: ASGIApp, *, cookie: str, version: Callable[[], object]) -> None:
        self.app, self._cookie, self._version = app, f"{cookie}=".encode(), version
        self._kept: OrderedDict[tuple[str, bytes], Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"])
        stranger = not any(name == b"cookie" and self._cookie in value for name, value in scope["headers"])
        kept = self._kept.get(key)
        if kept is not None and (stranger or kept.wish.for_all) and self._holds(kept):
            self._kept.move_to_end(key)
            scope["route"] = kept.route
            await _send_kept(kept, scope["headers"], send)
            return
        await self.app(scope, receive, self._noting(scope, key, stranger, send))

    def _holds(self, kept: Answer) -> bool:
        return kept.until > time.monotonic() and kept.version is self._version()

    def _noting(self, scope: Scope, key: tuple[str, bytes], stranger: bool, send: Send) -> Send:
        """Sends on what the application says; holds an answer back until it is whole when it is to be kept."""
        version, start, body = self._version(), None, b""

        async def send_noted(message: Message) -> None:
            nonlocal start, body
            wish = scope.get(_WISH)
            if message["type"] == "http.response.start":
                if wish is None or not (stranger or wish.for_all) or not _may_be_kept(message):
                    scope.pop(_WISH, None)
                    await send(message)
                    return
                start = message
            elif start is None or wish is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    answer = _answer(wish, version, scope.get("route"), start["headers"], body)
                    self._keep(key, answer)
                    await _send_kept(answer, scope["headers"], send)

        return send_noted

    def _keep(self, key: tuple[str, bytes], answer: Answer) -> None:
        if old := self._kept.pop(key, None):
            self._bytes -= len(old.body)
        self._kept[key] = answer
        self._bytes += len(answer.body)
        while len(self._kept) > _MOST or self._bytes > _MOST_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1].body)


def _may_be_kept(start: Message) -> bool:
    return start["status"] == 200 and all(name != b"set-cookie" for name, _ in start["headers"])


def _answer(wish: Wish, version: object, route: Any, headers: RawHeaders, body: bytes) -> Answer:
    etag = f'"{sha256(body).hexdigest()[:24]}"'.encode()
    own = [*headers, (b"etag", etag)]
    if all(name != b"cache-control" for name, _ in own):
        own.append((b"cache-control", b"private, no-cache"))
    if not wish.for_all and all(name != b"vary" for name, _ in own):
        own.append((b"vary", b"Cookie"))
    return Answer(wish, time.monotonic() + wish.seconds, version, route, etag, own, body)


async def _send_kept(answer: Answer, asked: RawHeaders, send: Send) -> None:
    if any(name == b"if-none-match" and answer.etag in value for name, value in asked):
        headers = [one for one in answer.headers if one[0] not in (b"content-length", b"content-type")]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
