"""The HTTP API's contract, through the handler that the function URL calls."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from serving_world import BUCKET, Serving, browse, raw
from vector_world import small_model


@pytest.fixture
def api(serving: Serving) -> Serving:
    serving.publish()
    return serving


def codes(answer: dict[str, Any]) -> list[str]:
    return [item["product_code"] for item in answer["items"]]


def test_a_trained_customer_gets_items_with_reasons(api: Serving) -> None:
    status, answer = api.get("/users/100/recommendations", limit=5)
    assert status == 200
    assert answer["path"] == "trained_user"
    assert answer["model_version"] == "v1"
    assert len(set(codes(answer))) == 5
    assert all(item["reason"] and isinstance(item["score"], float) for item in answer["items"])


def test_a_customer_nobody_knows_gets_what_is_popular(api: Serving) -> None:
    assert api.get("/users/424242/recommendations", limit=5)[1]["path"] == "popular"
    assert codes(api.get("/users/424242/recommendations", limit=5)[1]) == codes(api.get("/popular", limit=5)[1])


@pytest.mark.parametrize(
    ("profile", "path"),
    [
        ({"customer_number": 100}, "trained_user"),
        ({"browse_history": ["A0000001", {"product_code": "A0000002", "in_shopping_cart": True}]}, "fold_in"),
        ({"city": "Nantes", "country": "France"}, "location_prior"),
        ({"country": "FRANCE", "creditlimit": 1000}, "location_prior"),
        ({}, "popular"),
        ({"browse_history": ["no such product"]}, "popular"),
    ],
)  # fmt: skip
def test_a_profile_becomes_items_and_an_embedding_by_the_same_path(
    api: Serving, profile: dict[str, Any], path: str
) -> None:
    status, answer = api.post("/items_from_user", profile, limit=7)
    assert (status, answer["path"], len(answer["items"])) == (200, path, 7)
    status, embedding = api.post("/user_embeddings", profile)
    assert (status, embedding["path"], embedding["model_version"]) == (200, path, "v1")
    assert len(embedding["embedding"]) == 32


def test_a_list_of_profiles_becomes_a_list_of_embeddings(api: Serving) -> None:
    status, answer = api.post("/user_embeddings", [{"customer_number": 100}, {"country": "France"}])
    assert status == 200
    assert [one["path"] for one in answer] == ["trained_user", "location_prior"]
    assert api.post("/user_embeddings", [])[1] == []


def test_an_embedding_finds_the_items_of_its_shopper(api: Serving) -> None:
    _, embedding = api.post("/user_embeddings", {"country": "France"})
    _, from_embedding = api.post("/items_from_user", {"embedding": embedding["embedding"]}, limit=10)
    _, from_profile = api.post("/items_from_user", {"country": "France"}, limit=10)
    assert codes(from_embedding) == codes(from_profile)


def test_similar_items_are_others_by_both_routes(api: Serving) -> None:
    _, answer = api.get("/items/A0000005/similar", limit=4)
    assert len(codes(answer)) == 4
    assert "A0000005" not in codes(answer)
    assert api.get("/items_from_item", item_id="A0000005", limit=4)[1] == answer


def test_filters_hold_and_k_items_come(api: Serving) -> None:
    _, answer = api.get(
        "/users/100/recommendations", limit=6, category="line 1", min_price=5, max_price=50, exclude="A0000022,A0000025"
    )
    numbers = [int(code[1:]) for code in codes(answer)]
    assert len(numbers) == 6
    assert all(n % 3 == 1 and 5 <= n <= 50 and n % 20 != 19 and n not in {22, 25} for n in numbers)


def test_fewer_items_come_with_the_reason(api: Serving) -> None:
    _, answer = api.get("/users/100/recommendations", limit=20, max_price=3)
    assert len(answer["items"]) <= 4
    assert "price above range" in answer["shortfall"]


def test_items_in_the_cart_and_items_bought_are_not_shown(api: Serving) -> None:
    api.remember(raw(browse(customer_number=100, browse_history=[
        {"product_code": "A0000007", "quantity": 2, "in_shopping_cart": True}
    ])))  # fmt: skip
    _, answer = api.get("/users/100/recommendations", limit=60)
    model_bought = {f"A{n:07d}" for n in bought_by_first_user()}
    assert not set(codes(answer)) & ({"A0000007"} | model_bought)
    _, all_items = api.get("/users/100/recommendations", limit=60, include_bought="true")
    assert model_bought <= set(codes(all_items)) | {f"A{n:07d}" for n in range(19, 60, 20)}


def bought_by_first_user() -> list[int]:
    model = small_model()
    return model.histories.item[: model.histories.starts[1]].tolist()


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "status", "field"),
    [
        ("get", "/users/abc/recommendations", None, {}, 400, "customer_number"),
        ("get", "/users/100/recommendations", None, {"limit": 0}, 400, "limit"),
        ("get", "/users/100/recommendations", None, {"limit": 101}, 400, "limit"),
        ("get", "/users/100/recommendations", None, {"min_price": "cheap"}, 400, "min_price"),
        ("get", "/users/100/recommendations", None, {"max_price": "nan"}, 400, "max_price"),
        ("get", "/users/100/recommendations", None, {"in_stock": "perhaps"}, 400, "in_stock"),
        ("get", "/users/99999999999999999999/recommendations", None, {}, 400, "customer_number"),
        ("get", "/items/none-such/similar", None, {}, 404, "product_code"),
        ("get", "/items_from_item", None, {}, 400, "item_id"),
        ("get", "/nowhere", None, {}, 404, None),
        ("post", "/items_from_user", {"embedding": [1.0, 2.0]}, {}, 400, "embedding"),
        ("post", "/items_from_user", {"embedding": [1e300] * 32}, {}, 400, "embedding"),
        ("post", "/items_from_user", "{not json", {}, 400, None),
        ("post", "/items_from_user", {"browse_history": [{"product_code": "A", "quantity": -1}]}, {}, 400,
         "browse_history[0].quantity"),
        ("post", "/items_from_user", {"browse_history": [{"product_code": "A", "quantity": 10**18}]}, {}, 400,
         "browse_history[0].quantity"),
        ("post", "/items_from_user", {"city": "Nan\x00tes"}, {}, 400, "city"),
        ("post", "/items_from_user", {"credit_limit": -1}, {}, 400, "credit_limit"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_the_fields_name(  # noqa: PLR0917 - a row of the table
    api: Serving, method: str, path: str, body: Any, query: dict[str, Any], status: int, field: str | None
) -> None:
    answered, error = api.get(path, **query) if method == "get" else api.post(path, body, **query)
    assert answered == status, error
    assert set(error) == {"error"}
    assert set(error["error"]) == {"code", "message", "field", "remedy"}
    assert error["error"]["remedy"]
    if field is not None:
        assert error["error"]["field"] == field


@pytest.mark.parametrize("text", ["'; DROP TABLE model_versions; --", "%s %(x)s {}", "\\'\"", "💥" * 20])
def test_sql_in_any_string_is_but_a_string(api: Serving, text: str) -> None:
    profile = {"session_id": text, "city": text, "country": text, "browse_history": [text]}
    assert api.post("/items_from_user", profile)[1]["path"] == "popular"
    assert api.get("/items_from_item", item_id=text)[0] == 404
    assert api.get("/popular", exclude=text, category=text)[1]["items"] == []
    assert api.get("/healthz") == (200, {"status": "ok", "model_version": "v1"})


def test_a_history_of_ten_thousand_items_is_answered(api: Serving) -> None:
    history = [f"X{n}" for n in range(9_990)] + [f"A{n:07d}" for n in range(10)]
    status, answer = api.post("/items_from_user", {"browse_history": history})
    assert (status, answer["path"], len(answer["items"])) == (200, "fold_in", 20)


def test_the_next_request_sees_the_click(api: Serving) -> None:
    """The clicked item's neighbours rise, another shopper's list stays."""
    near = codes(api.get("/items/A0000003/similar", limit=5)[1])

    def places(customer: int) -> float:
        listed = codes(api.get(f"/users/{customer}/recommendations", limit=60)[1])
        return sum(listed.index(code) for code in near if code in listed) / len(near)

    before, other = places(105), places(106)
    api.remember(raw(browse("A0000003", customer_number=105)))
    assert places(105) < before
    assert places(106) == other


def test_without_a_model_the_answer_says_what_to_do(serving: Serving) -> None:
    status, answer = serving.get("/popular")
    assert status == 503
    assert answer["error"]["code"] == "unavailable"
    assert "retail-train-embeddings" in answer["error"]["remedy"]


def test_a_process_that_holds_another_version_reloads(api: Serving) -> None:
    assert api.get("/healthz")[1]["model_version"] == "v1"
    api.publish(version="v2", seed=2, items=80)
    _, answer = api.get("/users/100/recommendations", limit=80)
    assert answer["model_version"] == "v2"
    assert {"A0000070", "A0000075"} <= set(codes(answer)) | set(codes(api.get("/popular", limit=80)[1]))


def test_a_version_whose_model_is_gone_leaves_the_old_one_serving(api: Serving) -> None:
    assert api.get("/healthz")[1]["model_version"] == "v1"
    model = api.publish(version="v2", seed=2)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"models/{model.version}/model.npz", Body=b"cut of")
    assert api.get("/users/100/recommendations")[1]["model_version"] == "v1"


def test_vectors_without_a_model_are_served_too(api: Serving) -> None:
    """What somebody loaded by CSV has no model in the lake."""
    api.database.ask_nothing("UPDATE model_versions SET in_lake = false")
    _, answer = api.get("/users/100/recommendations", limit=5)
    assert (answer["path"], len(answer["items"])) == ("trained_user", 5)
    assert api.post("/items_from_user", {"browse_history": ["A0000001"]})[1]["path"] == "fold_in"
    assert len(api.get("/items/A0000001/similar", limit=5)[1]["items"]) == 5


def test_openapi_describes_every_route(api: Serving) -> None:
    status, schema = api.get("/openapi.json")
    assert status == 200
    assert set(schema["paths"]) == {
        "/user_embeddings", "/items_from_user", "/items_from_item", "/users/{customer_number}/recommendations",
        "/items/{product_code}/similar", "/popular", "/healthz",
    }  # fmt: skip
