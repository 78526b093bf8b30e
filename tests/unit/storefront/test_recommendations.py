"""Recommendations on the pages: with their reasons when the function answers, what sells when it does not."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from shop_world import Shopper
from storefront.errors import RecommendationsError
from storefront.services.recommendations import POPULAR, Question, Recommender
from storefront.settings import Patience
from storefront.shop import Shop

FALCON = {"product_code": "S10_2", "score": 0.9, "reason": "Because you looked at 1952 Alpine Renault"}
GONE = {"product_code": "S99_9", "score": 0.8, "reason": "Nobody knows it any more"}


def test_the_home_page_shows_what_is_recommended_and_why(shopper: Shopper, function: Any) -> None:
    function.items = [FALCON, GONE]
    shopper.sign_in().get("/products/S10_1")
    text = shopper.get("/").text
    assert "Picked for you" in text
    assert "1969 Ford Falcon" in text
    assert FALCON["reason"] in text
    assert GONE["reason"] not in text
    asked = function.requests[-1]
    assert (asked["rawPath"], asked["requestContext"]["http"]["method"]) == ("/items_from_user", "POST")
    profile = json.loads(asked["body"])
    del profile["session_id"]
    assert profile == {
        "customer_number": 103, "city": "Nantes", "country": "France", "credit_limit": 21000.0,
        "browse_history": [{"product_code": "S10_1", "quantity": 1, "in_shopping_cart": False}],
    }  # fmt: skip
    assert "v7" in shopper.get("/operations").text


def test_a_stranger_is_shown_what_is_popular(shopper: Shopper, function: Any) -> None:
    function.items = [FALCON]
    assert "Popular now" in shopper.get("/").text
    assert function.requests[-1]["rawPath"] == "/popular"


def test_a_product_page_shows_what_is_like_it(shopper: Shopper, function: Any) -> None:
    function.items = [FALCON]
    assert FALCON["reason"] in shopper.get("/products/S10_1").text
    assert function.requests[-1]["rawPath"] == "/items/S10_1/similar"


def test_a_reason_names_products_as_shoppers_know_them(shopper: Shopper, function: Any) -> None:
    function.items = [FALCON | {"reason": "Goes with S10_1, which you looked at; S99_9 is gone."}]
    text = shopper.get("/products/S18_3").text
    assert "Goes with 1952 Alpine Renault, which you looked at; S99_9 is gone." in text


def test_what_is_the_same_for_everybody_is_asked_once_a_minute_and_what_is_personal_anew(
    shopper: Shopper, function: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    function.items = [FALCON]
    shopper.sign_in()
    function.requests.clear()
    clock = SimpleNamespace(now=time.monotonic(), monotonic=lambda: clock.now)
    monkeypatch.setattr("storefront.services.recommendations.time", clock)
    for pause in (0.0, 10.0, 60.0):
        clock.now += pause
        for path in ("/products/S10_1", "/"):
            shopper.get(path)
    asked = [request["rawPath"] for request in function.requests]
    assert (asked.count("/items/S10_1/similar"), asked.count("/items_from_user")) == (2, 3)


def test_the_request_id_goes_through_to_the_function(shopper: Shopper, function: Any) -> None:
    answer = shopper.http.get("/", headers={"x-request-id": "trace-0123456789"})
    assert answer.headers["x-request-id"] == "trace-0123456789"
    assert function.requests[-1]["headers"]["x-request-id"] == "trace-0123456789"
    context = json.loads(base64.b64decode(function.contexts[-1]))
    assert context == {"custom": {"request_id": "trace-0123456789"}}


@pytest.mark.parametrize(("status", "seconds"), [(500, 0.0), (200, 3.0)], ids=["fails", "is slow"])
def test_when_the_function_fails_or_is_slow_best_sellers_stand_in(
    shopper: Shopper, function: Any, status: int, seconds: float
) -> None:
    function.items, function.status, function.seconds = [FALCON], status, seconds
    began = time.perf_counter()
    text = shopper.get("/").text
    assert time.perf_counter() - began < 3.0
    assert "Popular with other customers" in text
    assert text.index("1969 Ford Falcon") < text.index("1952 Alpine Renault")  # 30 were sold of one, 7 of the other
    assert "Corsair" not in text  # sold out, and its only order was cancelled


def test_after_a_failure_the_function_is_left_alone_for_a_moment(shop: Shop, function: Any) -> None:
    recommender = Recommender(function, shop.recommender._parameters, shop.metrics, Patience(pause=60.0))
    function.status = 500

    async def ask_twice() -> None:
        for _ in range(2):
            with pytest.raises(RecommendationsError):
                await recommender.ask(Question("GET", "/popular", {"limit": "8"}), "a-request-id")

    asyncio.run(ask_twice())
    recommender.close()
    assert len(function.requests) == 1


def test_one_question_alone_finds_out_whether_the_function_is_back(shop: Shop, function: Any) -> None:
    """A crowd that asks a starting function at once keeps it from ever being started."""
    recommender = Recommender(function, shop.recommender._parameters, shop.metrics, Patience(pause=60.0))
    function.status = 500

    async def ask_ten_once_the_pause_is_over() -> None:
        with pytest.raises(RecommendationsError):
            await recommender.ask(POPULAR, "first")
        recommender._asked_again_at = 0.0
        asked = [recommender.ask(Question.like(f"S10_{number}", 8), "crowd") for number in range(10)]
        refused = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(one) for one in refused} == {RecommendationsError}

    asyncio.run(ask_ten_once_the_pause_is_over())
    recommender.close()
    assert len(function.requests) == 2


def readiness(shopper: Shopper) -> str:
    return str(shopper.http.get("/readyz").json()["checks"]["recommendations"])


def test_readiness_asks_a_function_again_that_failed(shopper: Shopper, shop: Shop, function: Any) -> None:
    assert readiness(shopper) == "ok"
    function.status = 500
    shopper.get("/products/S10_1")
    assert readiness(shopper).startswith("failed ")
    function.status = 200
    shop.recommender._asked_again_at = 0.0  # the pause is over
    assert readiness(shopper) == "ok"


def test_a_failure_says_how_old_it_is(shopper: Shopper, shop: Shop, function: Any) -> None:
    shop.recommender._patience = Patience(pause=3600.0)
    function.status = 500
    shopper.get("/")
    shop.metrics.failed.labels("recommendations").set(time.time() - 1800)
    assert readiness(shopper) == "failed 30 min ago"
    assert "failed 30 min ago" in shopper.get("/operations").text


def test_a_failing_function_is_told_of_once_and_when_it_is_back(
    shopper: Shopper, shop: Shop, function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shop.recommender._patience = Patience(recommendations=10.0, pause=0.0)
    function.status = 500
    with caplog.at_level("INFO", logger="storefront"):
        for _ in range(3):
            shopper.get("/products/S10_1")
        function.status = 200
        shopper.get("/products/S10_1")
    told = [one.message for one in caplog.records if one.name.endswith("recommendations")]
    assert ["fall back" in told[0], told[1:]] == [True, ["Recommendations are back."]]


def test_before_the_function_is_deployed_best_sellers_stand_in(shopper: Shopper, function: Any) -> None:
    boto3.client("ssm").delete_parameter(Name="/retail/inference/function_name")
    assert "Popular with other customers" in shopper.get("/").text
    assert function.requests == []


def test_a_reason_is_text_and_not_markup(shopper: Shopper, function: Any) -> None:
    function.items = [FALCON | {"reason": "<script>alert(1)</script>"}]
    text = shopper.get("/").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
