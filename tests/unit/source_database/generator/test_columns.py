"""Money and time stay exact."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
from source_database.generator.columns import days, moments, money


def test_cents_become_decimals_to_the_last_digit():
    amounts = money(np.array([0, 1, 99, 12_345, 9_999_999_999, -250]))
    assert amounts.to_pylist() == [Decimal(text) for text in "0.00 0.01 0.99 123.45 99999999.99 -2.50".split()]


def test_absent_money_is_null():
    assert money(np.array([100, 200]), absent=np.array([True, False])).to_pylist() == [None, Decimal("2.00")]


def test_days_and_moments_count_from_the_first_day():
    assert days(date(2024, 2, 28), np.array([0, 2])).to_pylist() == [date(2024, 2, 28), date(2024, 3, 1)]
    moment = moments(date(2024, 2, 28), np.array([1]), np.array([3_600_000_001]))
    assert moment.to_pylist() == [datetime(2024, 2, 29, 1, 0, 0, 1, tzinfo=UTC)]
