"""How recommendations were received: what was delivered day by day, and how often the purchase was on the list.

The questions are `sql/athena/deliveries`; the table is the streaming part's.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awswrangler as wr
import ipywidgets as widgets
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from batch_etl.analytics.dashboard import athena_query, platform_name
from batch_etl.analytics.figures import BLUE, FAINT, GREEN, GREY, INK, ORANGE, headed
from batch_etl.analytics.panels import picture

_QUERIES = Path("sql/athena/deliveries")
_COLOURS = {"trained_user": BLUE, "fold_in": GREEN, "location_prior": ORANGE, "popular": GREY}
NOTHING = (
    "Nothing has been delivered yet. Apply streaming-recommendation-pipeline/terraform, load a model "
    "(retail load-vectors) and send events (retail stream-shoppers)."
)


@dataclass(frozen=True)
class Received:
    """`days` and `hits`: the rows of by_day.sql and hit_rate.sql, columns in lower case; empty without deliveries."""

    days: pd.DataFrame
    hits: pd.DataFrame

    @classmethod
    def load(cls, project: str | None = None) -> Received:
        """Ask Athena. `project` is the prefix of the platform's names."""
        name = platform_name(project)
        query = athena_query(name)
        try:
            return cls(query(question("by_day", name)), query(question("hit_rate", name)))
        except wr.exceptions.QueryFailed as error:
            if "TABLE_NOT_FOUND" in str(error):
                return cls(pd.DataFrame(), pd.DataFrame())
            raise

    @property
    def view(self) -> widgets.Widget:
        """Two pictures, or what to do for there to be some."""
        if self.days.empty:
            return widgets.HTML(f'<p style="color:{INK}">{html.escape(NOTHING)}</p>')
        says = "Events answered by day and path, and how often a later purchase was on the list"
        return widgets.HTML(picture(pictures(self.days, self.hits), says))


def question(name: str, project: str) -> str:
    """The text of a question of the checkout that the notebook lies in. Raises FileNotFoundError."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (path := folder / _QUERIES / f"{name}.sql").is_file():
            # The files are written for the project's default name.
            return re.sub(r"\bretail_(bronze|silver|gold)\b", rf"{project}_\1", path.read_text())
    raise FileNotFoundError(f"{_QUERIES / name}.sql is not above {here}. Run the notebook in a checkout.")


def pictures(days: pd.DataFrame, hits: pd.DataFrame) -> Figure:
    """Deliveries to the left, hits to the right."""
    figure = Figure(figsize=(14, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    deliveries(left, days)
    hit_rates(right, hits)
    return figure


def deliveries(axes: Axes, days: pd.DataFrame) -> None:
    """Events of each day as a bar, one colour a path."""
    counts = days.pivot_table(index="day", columns="path", values="events", aggfunc="sum", fill_value=0).sort_index()
    bottom: Any = 0
    for path in counts.columns:
        axes.bar(range(len(counts)), counts[path], bottom=bottom, color=_COLOURS.get(path, INK), label=path, width=0.7)
        bottom = bottom + counts[path].to_numpy()
    for place, total in enumerate(bottom):
        axes.annotate(f"{total:,}", (place, total), (0, 4), textcoords="offset points", ha="center", color=INK)
    step = max(1, len(counts) // 12)
    axes.set_xticks(range(0, len(counts), step), [str(day) for day in counts.index[::step]])
    axes.set_xlim(-0.8, max(len(counts), 4) - 0.2)
    axes.set_ylim(0, float(bottom.max()) * 1.25)
    axes.legend(ncols=4, frameon=False, loc="upper left")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    _plain(axes, "Events answered by day, and on which path")


def hit_rates(axes: Axes, hits: pd.DataFrame) -> None:
    """Of events that a purchase followed, the share whose list held it, for each path of each version."""
    followed = hits[hits["followedbypurchase"] > 0] if not hits.empty else hits
    _plain(axes, "Purchase within 30 days was on the list")
    if followed.empty:
        text = "No order has followed yet:\nthe nightly run brings them in."
        axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
        return
    percent = followed["hitpercent"].astype(float)
    places = range(len(followed))
    axes.barh(places, percent, color=[_COLOURS.get(path, INK) for path in followed["path"]])
    counts = zip(places, percent, followed["hits"], followed["followedbypurchase"], strict=True)
    for place, share, hit, purchases in counts:
        label = f"{share:.1f} % ({hit:,} of {purchases:,})"
        axes.annotate(label, (share, place), (5, 0), textcoords="offset points", va="center", color=INK)
    axes.set_yticks(places, [f"{row.path}\n{row.modelversion}" for row in followed.itertuples()])
    axes.set_xlim(0, max(float(percent.max()), 1.0) * 1.6)
    axes.set_xticks([])
    axes.invert_yaxis()


def _plain(axes: Axes, text: str) -> None:
    headed(axes, text)
    axes.tick_params(colors=INK, length=0)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
