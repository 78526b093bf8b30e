"""The text of the dashboard: what is old or wrong is said in words, and nothing from the data becomes markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
from batch_etl.analytics import panels
from batch_etl.analytics.gold import Publication
from batch_etl.analytics.measures import Headline

PUBLISHED = datetime(2026, 11, 20, 2, 0)  # noqa: DTZ001 - as Athena returns it
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PUBLICATION = Publication("run <7>", PUBLISHED, "0.1.0", {}, 2996, 2990, 6)
COLUMNS = ["tablename", "checkname", "passed", "expected", "actual"]


def test_freshness_says_when_by_which_run_and_how_many_rows() -> None:
    said = panels.freshness(PUBLICATION, NOW)
    assert "2026-11-20 02:00 UTC, 7 h 30 min ago" in said
    assert "run &lt;7&gt;</span>: 2,996 rows read, 2,990 written, 6 quarantined" in said
    assert "fresh" in said


def test_a_missed_night_is_called_old() -> None:
    assert "did the nightly run fail?" in panels.freshness(PUBLICATION, NOW + timedelta(days=1))


def test_quality_counts_checks_by_table() -> None:
    checks = pd.DataFrame(
        [("fact_orders", "rows", True, "3", "3"), ("fact_orders", "sum", True, "1", "1")], columns=COLUMNS
    )
    assert "2 of 2 checks passed" in panels.quality(checks)


def test_a_failed_check_is_named_with_what_was_found() -> None:
    checks = pd.DataFrame(
        [("fact_orders", "rows", True, "3", "3"), ("dim_products", "null keys", False, "0", "<2>")], columns=COLUMNS
    )
    said = panels.quality(checks)
    assert "1 of 2 checks passed" in said
    assert "dim_products: null keys: expected 0, found &lt;2&gt;" in said


def test_no_checks_at_all_is_no_success() -> None:
    assert panels.ORANGE in panels.quality(pd.DataFrame(columns=COLUMNS))


def test_the_headline_shows_cents_and_a_missing_margin_as_a_dash() -> None:
    said = panels.headline(Headline(9_365_336.43, 320, 98, None, 238_854.18, 6))
    assert "9,365,336.43" in said
    assert "238,854.18" in said
    assert ">-<" in said
