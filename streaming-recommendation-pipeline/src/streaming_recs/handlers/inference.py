"""retail-inference: the HTTP API behind the function URL. The storefront sends the same payload by SDK.

Routes parse and answer; `recommender` decides. Errors are {error: {code, message, field, remedy}}.
"""

from __future__ import annotations

import json
import os
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from streaming_recs.errors import (
    ModelMissingError,
    ProductUnknownError,
    ProfileRefusedError,
    RecommendationError,
    StoreError,
)
from streaming_recs.events import Code, CustomerNumber, field_path
from streaming_recs.handlers.contract import (
    EmbeddingAnswer,
    EmbeddingProfile,
    Health,
    ItemsAnswer,
    Profiles,
    wanted_from,
)
from streaming_recs.handlers.process import recommender
from streaming_recs.recommender import Asked, Recommender
from streaming_recs.settings import Serving

app = LambdaFunctionUrlResolver(enable_validation=True)
STATUS = {
    ProductUnknownError: HTTPStatus.NOT_FOUND,
    ProfileRefusedError: HTTPStatus.BAD_REQUEST,
    ModelMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
}
Limit = Annotated[int, Query(ge=1, le=100, description="How many items.")]


@cache
def shared() -> Recommender:
    return recommender(Serving.from_environment(os.environ))


@app.post("/user_embeddings", summary="The vector of a shopper, or of each in a list")
def user_embeddings(profiles: Annotated[Profiles, Body()]) -> EmbeddingAnswer | list[EmbeddingAnswer]:
    found = [
        EmbeddingAnswer(embedding=one.vector, path=one.path, model_version=one.model_version)
        for one in shared().embeddings(profiles.asked())
    ]
    return found if isinstance(profiles.root, list) else found[0]


@app.post("/items_from_user", summary="Items for a shopper's profile, or for an embedding")
def items_from_user(given: Annotated[EmbeddingProfile, Body()], limit: Limit = 20) -> ItemsAnswer:
    wanted = wanted_from(app.current_event.resolved_query_string_parameters, limit)
    if given.embedding is not None:
        return ItemsAnswer.of(shared().for_embedding(given.embedding, wanted))
    return ItemsAnswer.of(shared().recommend([given.asked()], wanted)[0])


@app.get("/items_from_item", summary="Items like an item")
def items_from_item(item_id: Annotated[Code, Query()], limit: Limit = 20) -> ItemsAnswer:
    return ItemsAnswer.of(shared().similar(item_id, limit))


@app.get("/items/<product_code>/similar", summary="Items like an item")
def similar_items(product_code: Annotated[Code, Path()], limit: Limit = 20) -> ItemsAnswer:
    return ItemsAnswer.of(shared().similar(product_code, limit))


@app.get("/users/<customer_number>/recommendations", summary="Items for a customer")
def recommendations(customer_number: Annotated[CustomerNumber, Path()], limit: Limit = 20) -> ItemsAnswer:
    wanted = wanted_from(app.current_event.resolved_query_string_parameters, limit)
    return ItemsAnswer.of(shared().recommend([Asked(customer_number)], wanted)[0])


@app.get("/popular", summary="What is popular now")
def popular(limit: Limit = 20) -> ItemsAnswer:
    wanted = wanted_from(app.current_event.resolved_query_string_parameters, limit)
    return ItemsAnswer.of(shared().popular(wanted))


@app.get("/healthz", summary="Which model version answers")
def healthz() -> Health:
    return Health(status="ok", model_version=shared().health())


@app.get("/openapi.json", include_in_schema=False)
def openapi() -> Response[str]:
    schema = app.get_openapi_json_schema(title="Retail recommendations", version="1")
    return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, schema)


@app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]  # Powertools leaves it so
def invalid(error: RequestValidationError) -> Response[str]:
    """The first thing wrong, by the field's name."""
    first = error.errors()[0]
    location = [
        part for part in first["loc"] if not str(part).startswith(("body", "query", "path", "Profile", "list["))
    ]
    field = field_path(location)
    message = f"{field or 'The request'}: {first['msg']}."
    return failed(HTTPStatus.BAD_REQUEST, "invalid_request", message, "See /openapi.json for what is taken.", field)


@app.exception_handler(RecommendationError)  # type: ignore[untyped-decorator]
def refused(error: RecommendationError) -> Response[str]:
    """Our own errors carry what to tell."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    code = {404: "unknown_product", 400: "invalid_request", 503: "unavailable"}.get(status, "internal_error")
    return failed(status, code, error.message, error.remedy, error.field)


@app.not_found
def no_route(error: NotFoundError) -> Response[str]:
    """No such path."""
    return failed(HTTPStatus.NOT_FOUND, "unknown_route", "There is no such route.", "See /openapi.json.", None)


def failed(status: int, code: str, message: str, remedy: str, field: str | None) -> Response[str]:
    """An error in the API's one shape."""
    body = {"error": {"code": code, "message": message, "field": field or None, "remedy": remedy}}
    return Response(status, content_types.APPLICATION_JSON, json.dumps(body))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entry point: a function URL's request, version 2.0."""
    return app.resolve(event, context)
