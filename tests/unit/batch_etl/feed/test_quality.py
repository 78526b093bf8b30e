"""Which records are good, and what is said of the others."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from batch_etl.quality.feed import judge
from batch_etl.transforms.feed_transactions import SCHEMA, by_day, feed_transactions
from feed_world import sale

ARRIVED = pd.Timestamp("2026-03-02T12:00:00Z")
CATALOGUE = {"S10_1678", "S18_3232"}


def judged(*records):
    return judge(records, CATALOGUE, ARRIVED)


def test_a_good_record_becomes_the_fourteen_columns():
    (row,) = feed_transactions(judged(sale(1, "2026-03-01T23:59:59.999Z")).good).to_pylist()
    assert row == {
        "transaction_id": "T0001",
        "timestamp": pd.Timestamp("2026-03-01T23:59:59.999Z"),
        "customer_id": "C00001",
        "product_id": "S10_1678",
        "product_name": "1969 Harley Davidson Ultimate Chopper",
        "category": "Motorcycles",
        "quantity": 2,
        "price": Decimal("95.70"),
        "total_amount": Decimal("191.40"),
        "year": 2026,
        "month": 3,
        "day": 1,
        "hour": 23,
        "day_of_week": 6,
    }
    assert len(SCHEMA) == 14


@pytest.mark.parametrize(("day", "number"), [("2026-03-02", 0), ("2026-02-28", 5), ("2026-03-01", 6)])
def test_the_week_begins_on_monday_with_0(day, number):
    table = feed_transactions(judged(sale(1, f"{day}T00:00:00Z")).good)
    assert table["day_of_week"].to_pylist() == [number]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02T01:30:00+02:00", "2026-03-01T23:30:00Z"),
        ("2026-03-02 10:00:00", "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:00:00.123456789Z", "2026-03-02T10:00:00.123Z"),
    ],
)
def test_moments_are_utc_to_the_millisecond(written, meant):
    assert judged(sale(1, written)).good["timestamp"].to_pylist() == [pd.Timestamp(meant)]


@pytest.mark.parametrize(
    "money",
    [
        {"quantity": 3, "price": "0.10", "total_amount": "0.30"},
        {"quantity": 3, "price": "0.1", "total_amount": "0.300"},
        {"quantity": "3", "price": 1, "total_amount": 3},
        {"quantity": 999999, "price": "99999999.99", "total_amount": "99999899990000.01"},
        {"quantity": 1, "price": "0", "total_amount": "0.00"},
    ],
    ids=["text", "more or fewer digits", "numbers", "largest", "a gift"],
)
def test_amounts_are_exact(money):
    found = judged(sale(1, **money))
    assert found.bad == {}
    (row,) = found.good.to_pylist()
    assert row["total_amount"] == Decimal(str(money["total_amount"])) == row["price"] * row["quantity"]


REFUSED = {
    "no id": ({"transaction_id": None}, "transaction_id is missing"),
    "blank id": ({"transaction_id": "  "}, "transaction_id is missing"),
    "nested id": ({"transaction_id": {"a": 1}}, "transaction_id is missing"),
    "a line in the id": ({"transaction_id": "a\nb"}, "transaction_id is longer than 256 characters, or has control"),
    "half a character": ({"customer_id": "\ud800"}, "customer_id is missing"),
    "endless name": ({"product_name": "x" * 257}, "product_name is longer than 256 characters"),
    "no category": ({"category": ""}, "category is missing"),
    "no moment": ({"timestamp": "yesterday"}, "timestamp is no moment"),
    "30 February": ({"timestamp": "2026-02-30T10:00:00Z"}, "timestamp is no moment"),
    "seconds since 1970": ({"timestamp": 1772445600}, "timestamp is no moment"),
    "the year 9999": ({"timestamp": "9999-01-01T00:00:00Z"}, "timestamp is no moment"),
    "long ago": ({"timestamp": "1970-01-01T00:00:00Z"}, "timestamp is before the year 2000, or in the future"),
    "the future": ({"timestamp": "2026-03-04T10:00:00Z"}, "timestamp is before the year 2000, or in the future"),
    "no quantity": ({"quantity": None}, "quantity is missing"),
    "none sold": ({"quantity": 0, "total_amount": "0.00"}, "quantity is no whole number"),
    "half a piece": ({"quantity": "0.5"}, "quantity is no whole number"),
    "true": ({"quantity": True}, "quantity is missing"),
    "text price": ({"price": "cheap"}, "price is no amount"),
    "thousands": ({"price": "1,234.56"}, "price is no amount"),
    "negative price": ({"price": "-95.70", "total_amount": "-191.40"}, "price is no amount"),
    "NaN": ({"price": "NaN"}, "price is no amount"),
    "Infinity": ({"price": "Infinity"}, "price is no amount"),
    "exponent": ({"price": "1e2"}, "price is no amount"),
    "tenths of a cent": ({"price": "95.701"}, "price is no amount"),
    "list of prices": ({"price": ["95.70"]}, "price is missing"),
    "no total": ({"total_amount": None}, "total_amount is missing"),
    "a cent off": ({"total_amount": "191.41"}, "total_amount is not quantity times price"),
    "double": ({"price": "1844.5600000000002"}, "price is no amount"),
    "unknown product": ({"product_id": "S99_9999"}, "product_id is not in the catalogue"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_record_is_named_and_its_neighbours_pass(name):
    change, reason = REFUSED[name]
    found = judged(sale(1), sale(2, **change), sale(3))
    assert found.rows == [0, 2]
    assert list(found.bad) == [1]
    assert found.bad[1].reason.startswith(reason)
    assert found.bad[1].remedy


def test_an_id_twice_is_repeated_or_conflicting():
    found = judged(sale(1), sale(1), sale(1, price="1.00", total_amount="2.00"), sale(2))
    assert found.rows == [0, 3]
    assert found.repeated == [1]
    assert found.bad[2].reason == "transaction_id was used before for another transaction"


def test_nothing_gives_nothing():
    found = judged()
    assert (found.rows, found.repeated, found.bad) == ([], [], {})
    assert by_day(feed_transactions(found.good)) == {}


def test_rows_of_two_days_part():
    table = feed_transactions(judged(sale(1, "2026-03-01T23:59:59Z"), sale(2, "2026-03-02T00:00:00Z")).good)
    assert {day: rows["transaction_id"].to_pylist() for day, rows in by_day(table).items()} == {
        "2026-03-01": ["T0001"],
        "2026-03-02": ["T0002"],
    }
