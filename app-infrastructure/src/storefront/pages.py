"""HTML from templates, and errors as a page or, below /api, as JSON."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from storefront.visit import MAX_QUANTITY, Visit

_CODES = {
    400: "invalid_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "body_too_large", 422: "invalid_request", 429: "too_many_requests", 503: "unavailable",
}  # fmt: skip


@cache
def _templates() -> Jinja2Templates:
    environment = Environment(
        loader=PackageLoader("storefront"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["money"] = money
    environment.globals["max_quantity"] = MAX_QUANTITY
    return Jinja2Templates(env=environment)


def money(amount: Decimal) -> str:
    """1234.5 → $1,234.50"""
    return f"${amount:,.2f}"


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page of the shopper's visit."""
    shown = {"visit": Visit(request.session), **context}
    return _templates().TemplateResponse(request, template, shown, status_code=status)


def problem_response(
    request: Request, status: int, message: str, remedy: str = "", field: str | None = None
) -> Response:
    """What went wrong and what to do about it; needs no session, for some errors come before there is one."""
    if request.url.path.startswith("/api"):
        code = _CODES.get(status, "internal_error")
        body = {"error": {"code": code, "message": message, "field": field, "remedy": remedy}}
        return JSONResponse(body, status)
    title = HTTPStatus(status).phrase
    context = {"visit": None, "title": title, "message": message, "remedy": remedy}
    return _templates().TemplateResponse(request, "problem.html", context, status_code=status)
