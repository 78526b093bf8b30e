"""/api/v1: paged by cursor, orders for the bearer of the token, errors of one shape."""

from __future__ import annotations

from typing import Any

import pytest
from shop_world import BEARER, TOKEN, Shopper, SourceServer


def pages(shopper: Shopper, path: str, key: str, limit: int) -> list[list[Any]]:
    found, query = [], {"limit": str(limit)}
    while True:
        answer = shopper.http.get(path, params=query, headers=BEARER)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()[key])
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found
        query["cursor"] = cursor


def test_transactions_are_one_row_per_order_with_its_items(shopper: Shopper) -> None:
    first = shopper.http.get("/api/v1/transactions?limit=1", headers=BEARER).json()["transactions"]
    assert first == [
        {
            "order_number": 10100, "customer_number": 103, "order_date": "2024-01-06", "required_date": "2024-01-13",
            "shipped_date": None, "status": "Shipped", "comments": None, "total": "3900.00",
            "items": [
                {"product_code": "S10_2", "quantity": 30, "price": "115.00"},
                {"product_code": "S10_1", "quantity": 5, "price": "90.00"},
            ],
        }
    ]  # fmt: skip


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (500, [3])])
def test_pages_hold_every_order_once(shopper: Shopper, limit: int, sizes: list[int]) -> None:
    found = pages(shopper, "/api/v1/transactions", "transactions", limit)
    assert [len(page) for page in found] == sizes
    assert [one["order_number"] for page in found for one in page] == [10100, 10101, 10102]


def test_an_order_placed_between_two_pages_is_on_a_later_one(shopper: Shopper, source: SourceServer) -> None:
    first = shopper.http.get("/api/v1/transactions?limit=2", headers=BEARER).json()
    source.ask("INSERT INTO orders VALUES (10103, '2026-01-01', '2026-01-02', NULL, 'On Hold', NULL, 112, NOW(6))")
    query = {"cursor": first["next_cursor"]}
    rest = shopper.http.get("/api/v1/transactions", params=query, headers=BEARER).json()
    assert [one["order_number"] for one in rest["transactions"]] == [10102, 10103]
    assert rest["transactions"][1]["items"] == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}])
def test_without_the_token_there_are_no_transactions(shopper: Shopper, headers: dict[str, str]) -> None:
    answer = shopper.http.get("/api/v1/transactions", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize("query", ["cursor=x", "cursor=YWZ0ZXI6eA==", "cursor=%00", "limit=0", "limit=501", "limit=x",
                                   "cursor=YWZ0ZXI6OTk5OTk5OTk5OTk5OTk="])  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused_by_name(shopper: Shopper, query: str) -> None:
    answer = shopper.http.get(f"/api/v1/transactions?{query}", headers=BEARER)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == query.partition("=")[0]


def test_products_are_paged_for_anybody(shopper: Shopper) -> None:
    found = pages(shopper, "/api/v1/products", "products", 2)
    assert [one["product_code"] for page in found for one in page] == ["S10_1", "S10_2", "S18_3"]
    assert found[0][1]["price"] == "120.00"


def test_openapi_describes_the_api_alone(shopper: Shopper) -> None:
    described = shopper.http.get("/api/openapi.json").json()
    assert set(described["paths"]) == {"/api/v1/products", "/api/v1/transactions", "/metrics"}
    assert described["paths"]["/api/v1/transactions"]["get"]["security"] == [{"HTTPBearer": []}]


def test_an_unknown_path_of_the_api_answers_in_json(shopper: Shopper) -> None:
    assert shopper.http.get("/api/v1/nothing").json()["error"]["code"] == "not_found"
