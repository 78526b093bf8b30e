"""What the dashboard counts, on a shop small enough to count by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from batch_etl.analytics import measures
from batch_etl.analytics.measures import Headline, Selection


def test_the_headline_leaves_cancelled_orders_out_and_shows_them_apart(lines: pd.DataFrame) -> None:
    assert measures.headline(lines) == Headline(
        revenue=450.01,
        orders=3,
        customers=2,
        margin_percent=pytest.approx(100 * 17_001 / 45_001),
        cancelled_amount=450.0,
        cancelled_orders=1,
    )


def test_a_selection_without_sales_has_no_margin(lines: pd.DataFrame) -> None:
    only_cancelled = lines[lines["status"] == "Cancelled"]
    assert measures.headline(only_cancelled).margin_percent is None


@pytest.mark.parametrize(
    ("wanted", "orders"),
    [
        (Selection(), [1, 1, 2, 3, 4]),
        (Selection(country="France"), [1, 1, 4]),
        (Selection(product_line="Cars"), [1, 2, 4]),
        (Selection(first=date(2024, 3, 20), last=date(2024, 3, 21)), [2, 3]),
        (Selection(country="USA", product_line="Ships"), [3]),
        (Selection(country="Norway"), []),
    ],
)
def test_a_selection_keeps_what_was_asked_for_both_days_included(
    lines: pd.DataFrame, wanted: Selection, orders: list[int]
) -> None:
    assert sorted(measures.select(lines, wanted)["ordernumber"]) == orders


def test_a_month_without_an_order_is_a_zero_and_not_a_gap(lines: pd.DataFrame) -> None:
    monthly = measures.revenue_by_month(lines)
    assert [str(month) for month in monthly.index] == ["2024-01", "2024-02", "2024-03"]
    assert list(monthly) == [250.01, 0.0, 200.0]


def test_rankings_name_the_largest_first_and_stop_at_the_top(lines: pd.DataFrame) -> None:
    ranked = measures.revenue_by(lines, "productcode", "productname")
    assert list(ranked.items()) == [("1948 Car", 400.0), ("HMS Ship", 50.01)]
    assert list(measures.revenue_by(lines, "country", top=1).items()) == [("France", 350.01)]


def test_two_customers_of_one_name_stay_two(lines: pd.DataFrame) -> None:
    namesakes = lines.assign(customername="Toys")
    assert list(measures.revenue_by(namesakes, "customernumber", "customername")) == [350.01, 100.0]


def test_margin_by_line_has_amounts_and_percent(lines: pd.DataFrame) -> None:
    assert measures.margin_by_line(lines).to_dict("index") == {
        "Cars": {"revenue": 400.0, "margin": 160.0, "percent": 40.0},
        "Ships": {"revenue": 50.01, "margin": 10.01, "percent": pytest.approx(100 * 1001 / 5001)},
    }


def test_an_order_of_many_lines_is_one_order_of_its_status(lines: pd.DataFrame) -> None:
    assert measures.orders_by_status(lines).to_dict() == {"Shipped": 2, "Cancelled": 1, "In Process": 1}
