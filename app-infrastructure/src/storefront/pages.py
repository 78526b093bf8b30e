"""HTML from templates, and errors as a page or, where programs ask, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from storefront.assets import asset_url
from storefront.frames import Frames
from storefront.services.catalogue import Catalogue
from storefront.services.pictures import picture_url
from storefront.visit import MAX_QUANTITY, Visit

_FOR_PROGRAMS = ("/api", "/healthz", "/readyz", "/metrics")
_CODES = {
    400: "invalid_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "body_too_large", 415: "unsupported_media_type", 422: "invalid_request", 429: "too_many_requests",
    503: "unavailable",
}  # fmt: skip
_TITLES = {
    403: "This form cannot be used", 404: "Not found", 405: "That is not possible here", 408: "That took too long",
    413: "Too large", 415: "Not a form", 422: "Please check what you entered", 429: "Too many requests",
    500: "Something went wrong", 503: "Not available right now",
}  # fmt: skip


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("storefront"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.filters |= {"money": money, "picture": picture_url}
    environment.globals |= {"max_quantity": MAX_QUANTITY, "asset": cache(asset_url)}
    return environment


def money(amount: Decimal) -> str:
    """1234.5 → $1,234.50"""
    return f"${amount:,.2f}"


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page of the shopper's visit."""
    return HTMLResponse(_templates().get_template(template).render(visit=Visit(request.session), **context), status)


def framed_page(
    request: Request, template: str, catalogue: Catalogue, key: Hashable, context: Callable[[], dict[str, Any]]
) -> Response:
    """A page of what all visitors see alike; `key` tells it from the template's others at the same catalogue.

    `context` is what the template shows, made when the page is not there yet.
    """
    frames: Frames = request.app.state.frames
    text = frames.filled(
        catalogue, (template, key), Visit(request.session),
        lambda holes: _templates().get_template(template).render(visit=holes, **context()),
    )  # fmt: skip
    return HTMLResponse(text)


def problem_response(
    request: Request, status: int, message: str, remedy: str = "", field: str | None = None
) -> Response:
    """What went wrong and what to do about it; needs no session, for some errors come before there is one."""
    if request.url.path.startswith(_FOR_PROGRAMS):
        code = _CODES.get(status, "internal_error")
        body = {"error": {"code": code, "message": message, "field": field, "remedy": remedy}}
        return JSONResponse(body, status)
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    context = {"visit": None, "title": title, "message": message, "remedy": remedy}
    return HTMLResponse(_templates().get_template("problem.html").render(context), status)
