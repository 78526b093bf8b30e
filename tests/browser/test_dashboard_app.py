"""The dashboard as an app in a real browser: its figures are Athena's, and a control redraws without asking again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from batch_etl.analytics.athena import ask
from chromium import require_chromium
from playwright.sync_api import Page
from voila_app import dashboard_app, opened

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def page(applied: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    require_chromium()
    log = tmp_path_factory.mktemp("voila") / "log"
    with log.open("wb") as written, dashboard_app(applied.env, written) as url, opened(url) as page:
        yield page


@pytest.fixture
def untouched(page: Page) -> Page:
    """All controls at All."""
    for label in ("Country", "Product line"):
        _choose(page, label, "All")
    return page


def test_the_headline_is_what_athena_answers(applied: Any, untouched: Page) -> None:
    sql = "SELECT SUM(revenue) FROM daily_sales"
    [(revenue,)] = ask(applied.client("athena"), sql, workgroup="retail-analytics", database="retail_gold").rows
    assert f"{revenue:,.2f}" in untouched.inner_text("body")


def test_a_control_redraws_from_memory(applied: Any, untouched: Page) -> None:
    """Within a second or two, then: what takes longer is a question to Athena, and none is asked."""
    asked = _questions(applied)
    for country in ("USA", "France", "All"):
        _choose(untouched, "Country", country)
    assert _questions(applied) == asked


def _questions(applied: Any) -> set[str]:
    pages = applied.client("athena").get_paginator("list_query_executions").paginate(WorkGroup="retail-analytics")
    return {query for page in pages for query in page["QueryExecutionIds"]}


def test_a_country_shows_that_country_alone(applied: Any, untouched: Page) -> None:
    _choose(untouched, "Country", "USA")
    sql = "SELECT SUM(revenue) FROM daily_sales WHERE country = 'USA'"
    [(revenue,)] = ask(applied.client("athena"), sql, workgroup="retail-analytics", database="retail_gold").rows
    assert f"{revenue:,.2f}" in untouched.inner_text("body")


def test_the_reader_sees_how_old_and_how_good_the_data_is(untouched: Page) -> None:
    text = untouched.inner_text("body")
    assert re.search(r"Published \d{4}-\d\d-\d\d \d\d:\d\d UTC, .* ago \(fresh\) by run", text)
    passed, checks = map(int, re.search(r"(\d+) of (\d+) checks passed", text).groups())  # type: ignore[union-attr]
    assert passed == checks > 0


def test_the_app_shows_neither_code_nor_errors(untouched: Page) -> None:
    text = untouched.inner_text("body")
    assert "import Dashboard" not in text
    assert "Traceback" not in text
    assert "Error" not in text


def _choose(page: Page, label: str, value: str) -> None:
    """Choose in a drop-down and wait for the picture that says so."""
    page.locator(f".widget-dropdown:has(label:text-is('{label}')) select").select_option(value)
    shown = {"Country": "all countries", "Product line": "all product lines"}[label] if value == "All" else value
    page.wait_for_selector(f"img[alt*='{shown}']", timeout=10_000)
