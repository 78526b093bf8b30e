"""What browsers are told about every answer."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

RawHeaders = list[tuple[bytes, bytes]]
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: RawHeaders = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_OVER_TLS: RawHeaders = [*_HEADERS, (b"strict-transport-security", b"max-age=31536000; includeSubDomains")]
_UNKEPT = (b"cache-control", b"no-store")


class SecurityHeaders:
    """Pages are not stored unless they say so themselves; of a shopper who came by TLS, cookies stay with TLS."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        over_tls = scope["scheme"] == "https"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = _kept_to_tls(message["headers"]) if over_tls else list(message["headers"])
                if all(name != b"cache-control" for name, _ in headers):
                    headers.append(_UNKEPT)
                message["headers"] = headers + (_OVER_TLS if over_tls else _HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _kept_to_tls(headers: RawHeaders) -> RawHeaders:
    return [(name, value + b"; Secure" if name == b"set-cookie" else value) for name, value in headers]
