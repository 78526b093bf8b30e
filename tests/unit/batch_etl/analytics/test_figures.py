"""The pictures carry their figures as text, and an empty selection says so."""

from __future__ import annotations

import pandas as pd
from batch_etl.analytics.figures import overview, png
from batch_etl.analytics.measures import Selection
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)}


def test_every_picture_has_a_title_that_says_what_it_shows(lines: pd.DataFrame) -> None:
    assert texts(overview(lines, Selection())) >= {
        "Revenue by month, cancelled orders left out",
        "Top 2 products by revenue",
        "Top 2 customers by revenue",
        "Revenue by country",
        "Margin by product line, in green",
        "Orders by status",
    }


def test_every_bar_carries_its_figure_with_separators(lines: pd.DataFrame) -> None:
    thousandfold = lines.assign(amount=lines["amount"] * 1000, cost=lines["cost"] * 1000)
    assert texts(overview(thousandfold, Selection())) >= {"400,000", "50,010", "350,010", "160,000 (40.0 %)"}


def test_countries_beyond_the_top_are_added_up_in_one_bar(lines: pd.DataFrame) -> None:
    many = pd.concat([lines.assign(country=f"Country {number}") for number in range(6)])
    drawn = texts(overview(many, Selection(top=3)))
    assert "3 others" in drawn
    assert "1,350" in drawn


def test_an_empty_selection_says_so(lines: pd.DataFrame) -> None:
    assert "No orders in this selection. Widen it above." in texts(overview(lines, Selection(country="Norway")))


def test_a_selection_of_cancelled_orders_alone_is_drawn(lines: pd.DataFrame) -> None:
    picture = png(overview(lines, Selection(country="USA", product_line="Ships")))
    assert picture.startswith(b"\x89PNG")


def test_awkward_names_are_drawn(lines: pd.DataFrame) -> None:
    awkward = lines.assign(productname="Car 🚗 $x$ <b> " + "very " * 30 + "long")
    drawn = texts(overview(awkward, Selection()))
    assert any(text.startswith("Car") and text.endswith("…") for text in drawn)
    assert png(overview(awkward, Selection())).startswith(b"\x89PNG")
