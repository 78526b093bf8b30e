"""What customers did, and how much it says: every row of the result is in view."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from streaming_recs.transforms.interactions import interactions, kept_purchases, usable_ratings

LINES = (
    "orderNumber int, orderLineNumber int, customerNumber int, productCode string, orderDate date, "
    "quantityOrdered int, status string"
)
RATINGS = "customerNumber int, productCode string, productRating int, ratedAt timestamp"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def lines(spark, *rows):
    return spark.createDataFrame([(*row, "Shipped")[:7] for row in rows], LINES)


def found(frame, *columns):
    return sorted(tuple(row[column] for column in columns) for row in frame.collect())


def test_without_ratings_every_order_line_weighs_one(spark):
    bought = lines(spark, (10, 1, 7, "A", date(2026, 2, 1), 3), (10, 2, 7, "A", date(2026, 2, 1), 1))
    rows = interactions(bought, None)
    assert found(rows, "interactionId", "weight", "quantity", "source") == [
        ("order:10:1", 1.0, 3, "purchase"),
        ("order:10:2", 1.0, 1, "purchase"),
    ]
    assert rows.select("productRating").distinct().collect()[0][0] is None


@pytest.mark.parametrize(("stars", "weight"), [(1, 0.0), (2, 1 / 3), (4, 1.0), (5, 4 / 3)])
def test_a_rating_decides_what_every_purchase_of_the_product_weighs(spark, stars, weight):
    bought = lines(spark, (10, 1, 7, "A", date(2026, 2, 1), 3), (11, 1, 7, "A", date(2026, 2, 9), 3))
    rated = spark.createDataFrame([(7, "A", stars, NOON)], RATINGS)
    assert [row["weight"] for row in interactions(bought, rated).collect()] == pytest.approx([weight, weight])


def test_another_customers_rating_says_nothing_about_mine(spark):
    bought = lines(spark, (10, 1, 7, "A", date(2026, 2, 1), 3))
    rated = spark.createDataFrame([(8, "A", 5, NOON)], RATINGS)
    assert found(interactions(bought, rated), "customerNumber", "weight", "source") == [
        (7, 1.0, "purchase"),
        (8, pytest.approx(4 / 3), "rating"),
    ]


def test_what_was_rated_and_never_bought_is_an_interaction_of_its_own(spark):
    rated = spark.createDataFrame([(7, "B", 5, NOON), (7, "C", 5, None)], RATINGS)
    rows = interactions(lines(spark, (10, 1, 7, "A", date(2026, 2, 1), 3)), rated)
    assert found(rows, "interactionId", "productRating") == [("order:10:1", None), ("rating:7:B", 5)]


@pytest.mark.parametrize("status", ["Cancelled", " cancelled "])
def test_a_cancelled_order_is_no_purchase(spark, status):
    rows = [(10, 1, 7, "A", date(2026, 2, 1), 3, status), (11, 1, 7, "B", date(2026, 2, 1), 3, None)]
    assert found(kept_purchases(spark.createDataFrame(rows, LINES)), "productCode") == [("B",)]


def test_the_latest_rating_counts_and_six_stars_do_not_exist(spark):
    later = datetime(2026, 3, 2, tzinfo=UTC)
    rated = spark.createDataFrame(
        [(7, "A", 2, NOON), (7, "A", 4, later), (7, "B", 6, NOON), (7, "C", None, NOON), (7, "D", 0, NOON)], RATINGS
    )
    assert found(usable_ratings(rated), "productCode", "productRating") == [("A", 4)]
