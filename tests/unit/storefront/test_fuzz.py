"""Whatever the API and the forms are sent, they answer as they are described and never with an error of ours."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from hypothesis import settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from shop_world import TOKEN, Shopper
from storefront.main import ROUTERS

OPTIONS: dict[str, Any] = {"derandomize": True, "deadline": None, "database": None}
# For each operation: 3 of the API, some 20 of the pages. Together the long ones make 10,000 cases.
FEW, MANY = settings(max_examples=100, **OPTIONS), settings(max_examples=2_500, **OPTIONS)


class Bearer:
    """The token, where the description asks for it."""

    def get(self, _: Any, __: Any) -> str:
        return TOKEN

    def set(self, case: Any, token: str, _: Any) -> None:
        case.headers["authorization"] = f"Bearer {token}"


@pytest.fixture
def api_schema(app: FastAPI) -> Any:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    schema.auth()(Bearer)
    return schema


@pytest.fixture
def page_schema(app: FastAPI) -> Any:
    """The pages described as the API is: they are not, otherwise."""
    routes = [copy(one) for module in ROUTERS for one in module.router.routes if isinstance(one, APIRoute)]
    for route in routes:
        route.include_in_schema = True
    described = get_openapi(title="Pages", version="1", routes=routes)
    app.add_api_route("/pages.json", lambda: described)
    return schemathesis.openapi.from_asgi("/pages.json", app)


@pytest.fixture
def visit(app: FastAPI) -> dict[str, str]:
    """A customer with a cart: its cookie and its form token."""
    shopper = Shopper(app).sign_in().put("S10_1")
    csrf = shopper.get("/checkout").fields["csrf"]
    return {"cookie": f"visit={shopper.http.cookies['visit']}", "csrf": csrf}


api = schemathesis.pytest.from_fixture("api_schema")
pages = schemathesis.pytest.from_fixture("page_schema")


def as_described(case: Any) -> None:
    """A cursor is opaque, so that most texts are none; a token that was left out is put in again by `Bearer`."""
    excluded = [positive_data_acceptance]
    if case.meta.is_negative_at(ParameterLocation.HEADER):
        excluded.append(negative_data_rejection)
    case.call_and_validate(excluded_checks=excluded)


def without_an_error_of_ours(case: Any, visit: dict[str, str]) -> None:
    """With the visit's token in its forms: without it they would all end there."""
    if isinstance(case.body, dict):
        case.body["csrf"] = visit["csrf"]
    case.call_and_validate(headers={"cookie": visit["cookie"]}, checks=[not_a_server_error])


@api.parametrize()
@FEW
def test_the_api_answers_as_it_is_described(case: Any) -> None:
    as_described(case)


@pages.parametrize()
@settings(FEW, max_examples=20)
def test_pages_and_forms_never_fail(case: Any, visit: dict[str, str]) -> None:
    without_an_error_of_ours(case, visit)


@pytest.mark.slow
@api.parametrize()
@MANY
def test_the_api_answers_as_it_is_described_at_length(case: Any) -> None:
    as_described(case)


@pytest.mark.slow
@pages.parametrize()
@settings(MANY, max_examples=200)
def test_pages_and_forms_never_fail_at_length(case: Any, visit: dict[str, str]) -> None:
    without_an_error_of_ours(case, visit)
