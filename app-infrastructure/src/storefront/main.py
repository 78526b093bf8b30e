"""The application: routes, middleware, and an answer for every error."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

from storefront.deps import SignInNeededError
from storefront.errors import DatabaseUnavailableError, RequestRefusedError, SecretUnavailableError, StorefrontError
from storefront.frames import Frames
from storefront.middleware.kept_answers import KeptAnswers
from storefront.middleware.limits import BodyLimit, RateLimit
from storefront.middleware.load_balancer import BehindLoadBalancer
from storefront.middleware.observed import Observed
from storefront.middleware.security_headers import SecurityHeaders
from storefront.observability import log_to_stdout
from storefront.pages import problem_response
from storefront.routes import api, assets, cart, checkout, customers, health, home, operations, orders, products
from storefront.settings import Settings
from storefront.shop import Shop, make_shop

logger = logging.getLogger(__name__)
BODY_BYTES = 32 * 1024
SESSION_SECONDS, COOKIE = 14 * 24 * 3600, "visit"
ROUTERS = (assets, home, products, cart, checkout, customers, orders, operations, health, api)
_REMEDIES = {
    401: "Send the header Authorization: Bearer with the API's token.",
    403: "Go back, load the page again and send its form.",
    404: "Look for it in the catalogue.",
    405: "Send the page's own form.",
    413: f"Send at most {BODY_BYTES // 1024} KB.",
    503: "Try again in a moment.",
}


def create_app(shop: Shop) -> FastAPI:
    """The storefront over a shop, which it opens and closes."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        shop.open()
        yield
        shop.close()

    app = FastAPI(
        title="Storefront API", version="1", lifespan=lifespan, openapi_url="/api/openapi.json", docs_url=None,
        redoc_url=None, middleware=_middleware(shop),
    )  # fmt: skip
    app.state.shop = shop
    app.state.frames = Frames()
    for module in ROUTERS:
        app.include_router(module.router)
    _answer_errors(app)
    return app


def app_from_environment() -> FastAPI:
    """The shop that the environment describes."""
    log_to_stdout()
    app = create_app(make_shop(Settings.from_environment(os.environ)))
    gc.collect()
    gc.freeze()  # what stands by now stays: collections need not look through it, 50 ms, while shoppers wait
    return app


def __getattr__(name: str) -> FastAPI:
    """`uvicorn storefront.main:app`: made when a server asks for it, so that an import reads no environment."""
    if name == "app":
        return app_from_environment()
    raise AttributeError(name)


def _middleware(shop: Shop) -> list[Middleware]:
    """Outermost first."""
    return [
        *([Middleware(BehindLoadBalancer)] if shop.settings.behind_load_balancer else []),
        Middleware(SecurityHeaders),
        Middleware(Observed, metrics=shop.metrics),
        Middleware(RateLimit, per_minute=shop.settings.rate_limit_per_minute),
        Middleware(BodyLimit, most=BODY_BYTES),
        Middleware(KeptAnswers, cookie=COOKIE, version=lambda: shop.catalogue),
        Middleware(
            SessionMiddleware, secret_key=shop.session_key, session_cookie=COOKIE, max_age=SESSION_SECONDS,
            same_site="lax",
        ),
    ]  # fmt: skip


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def said(request: Request, error: HTTPException) -> Response:
        message = error.detail if error.detail != HTTPStatus(error.status_code).phrase else f"{error.detail}."
        response = problem_response(request, error.status_code, message, _REMEDIES.get(error.status_code, ""))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        """The first thing wrong, by the field's name; what was sent is not sent back."""
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return problem_response(request, 422, f"{field or 'The request'}: {first['msg']}.", "Correct it.", field)

    @app.exception_handler(SignInNeededError)
    async def sign_in(_: Request, __: SignInNeededError) -> Response:
        return RedirectResponse("/sign-in", 303)

    @app.exception_handler(StorefrontError)
    async def refused(request: Request, error: StorefrontError) -> Response:
        """Which secret or server is meant is in the log, not on the page."""
        if isinstance(error, RequestRefusedError):
            return problem_response(request, 422, error.message, error.remedy, error.field)
        if isinstance(error, DatabaseUnavailableError | SecretUnavailableError):
            logger.warning("Answered with 503: %s", error.message)
            return problem_response(
                request, 503, "The shop cannot look this up right now.",
                "Try again in a moment; what is in your cart stays there.",
            )  # fmt: skip
        raise error
