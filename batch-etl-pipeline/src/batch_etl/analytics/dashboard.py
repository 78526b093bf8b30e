"""The dashboard as widgets: a notebook shows it, Voilà serves it as an app.

Loading asks Athena once; a widget's change filters and draws what is in memory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import awswrangler as wr
import ipywidgets as widgets
import pandas as pd

from batch_etl.analytics import measures, panels
from batch_etl.analytics.figures import overview
from batch_etl.analytics.gold import Gold, Query, load_gold
from batch_etl.analytics.measures import Selection

ALL = "All"
_POLL_SECONDS = 0.2


def platform_name(project: str | None) -> str:
    """The prefix of the platform's names: as given, or as Terraform's variable says, or the default."""
    return project or os.environ.get("TF_VAR_project") or "retail"  # noqa: SIM112 - Terraform's spelling


def athena_query(project: str) -> Query:
    """Queries in the project's workgroup, through awswrangler, without a temporary table."""

    def query(sql: str) -> pd.DataFrame:
        rows: pd.DataFrame = wr.athena.read_sql_query(
            sql,
            database=f"{project}_gold",
            workgroup=f"{project}-analytics",
            ctas_approach=False,
            athena_query_wait_polling_delay=_POLL_SECONDS,
        )
        return rows.rename(columns=str.lower)

    return query


@dataclass
class Dashboard:
    """Controls on top, the headline, the pictures, and what is known about the data's age and quality."""

    gold: Gold
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def load(cls, project: str | None = None) -> Dashboard:
        """Read the last publication from Athena. `project` is the prefix of the platform's names."""
        name = platform_name(project)
        return cls(load_gold(athena_query(name), f"{name}_gold"))

    def __post_init__(self) -> None:
        lines = self.gold.lines
        months = pd.period_range(lines["orderdate"].min(), lines["orderdate"].max(), freq="M")
        self.country = _choice("Country", lines["country"])
        self.product_line = _choice("Product line", lines["productline"])
        self.months = widgets.SelectionRangeSlider(
            options=[(month.strftime("%b %Y"), month) for month in months],
            index=(0, len(months) - 1),
            description="Months",
            continuous_update=False,
            layout=widgets.Layout(width="380px"),
        )
        self.top = widgets.IntSlider(value=10, min=3, max=25, description="Top", continuous_update=False)
        self.figures = widgets.HTML()
        for control in (self.country, self.product_line, self.months, self.top):
            control.observe(self._redraw, names="value")
        self._redraw()

    @property
    def selection(self) -> Selection:
        """What the controls say."""
        first, last = self.months.value
        return Selection(
            country=None if self.country.value == ALL else self.country.value,
            product_line=None if self.product_line.value == ALL else self.product_line.value,
            first=first.start_time.date(),
            last=last.end_time.date(),
            top=self.top.value,
        )

    @property
    def view(self) -> widgets.Widget:
        """The whole dashboard."""
        controls = widgets.HBox(
            [self.country, self.product_line, self.months, self.top], layout=widgets.Layout(flex_flow="row wrap")
        )
        freshness = widgets.HTML(panels.freshness(self.gold.publication, self.now))
        quality = widgets.HTML(panels.quality(self.gold.checks))
        return widgets.VBox([freshness, controls, self.figures, quality], layout=widgets.Layout(max_width="1360px"))

    def _redraw(self, _change: Any = None) -> None:
        wanted = self.selection
        headline = panels.headline(measures.headline(measures.select(self.gold.lines, wanted)))
        says = f"Revenue, products, customers, countries, margin and order status: {wanted}"
        self.figures.value = headline + panels.picture(overview(self.gold.lines, wanted), says)


def _choice(label: str, values: pd.Series[Any]) -> widgets.Dropdown:
    return widgets.Dropdown(options=[ALL, *sorted(values.astype(str).unique())], description=label, value=ALL)
