"""The section on recommendations: its pictures carry their figures, and where there is nothing it says what to do."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from batch_etl.analytics.received import NOTHING, Received, pictures, question
from matplotlib.figure import Figure
from matplotlib.text import Text

DAYS = pd.DataFrame({
    "day": ["2026-11-20", "2026-11-20", "2026-11-21"],
    "path": ["trained_user", "popular", "trained_user"],
    "modelversion": ["v1", "v1", "v2"],
    "events": [1200, 34, 500],
})  # fmt: skip
HITS = pd.DataFrame({
    "modelversion": ["v1", "v1", "v2"],
    "path": ["popular", "trained_user", "trained_user"],
    "events": [34, 1200, 500],
    "followedbypurchase": [10, 1000, 0],
    "hits": [1, 250, 0],
    "hitpercent": [10.0, 25.0, None],
})  # fmt: skip


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)}


def test_days_and_paths_carry_their_figures() -> None:
    drawn = texts(pictures(DAYS, HITS))
    assert drawn >= {"1,234", "500", "25.0 % (250 of 1,000)", "10.0 % (1 of 10)", "trained_user\nv1", "popular\nv1"}
    assert "trained_user\nv2" not in drawn  # nobody has bought yet: there is no share


def test_before_the_first_purchase_it_says_when_there_will_be_one() -> None:
    drawn = texts(pictures(DAYS, HITS.assign(followedbypurchase=0)))
    assert "No order has followed yet:\nthe nightly run brings them in." in drawn


def test_without_deliveries_it_says_what_to_do() -> None:
    assert NOTHING.split(".")[0] in Received(pd.DataFrame(), pd.DataFrame()).view.value


def test_a_question_is_that_of_the_checkout_under_the_projects_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    assert "shop_gold.recommendations" in question("hit_rate", "shop")
    assert "retail_gold" not in question("by_day", "shop")


def test_outside_a_checkout_it_says_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="Run the notebook in a checkout"):
        question("hit_rate", "retail")
