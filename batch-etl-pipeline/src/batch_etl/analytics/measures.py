"""What the dashboard counts: pure functions from order lines (see `Gold.lines`) to small tables.

Amounts go in as cents and come out in whole currency units, as the dashboard shows them. Revenue leaves cancelled
orders out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

CANCELLED = "Cancelled"
CENTS = 100


@dataclass(frozen=True)
class Selection:
    """What the reader wants to see; None means all. `first` and `last` are days, both included."""

    country: str | None = None
    product_line: str | None = None
    first: date | None = None
    last: date | None = None
    top: int = 10

    def __str__(self) -> str:
        period = f"{self.first or 'the first order'} to {self.last or 'the last'}"
        return f"{self.country or 'all countries'}, {self.product_line or 'all product lines'}, {period}"


@dataclass(frozen=True)
class Headline:
    """The figures on top."""

    revenue: float
    orders: int
    customers: int
    margin_percent: float | None
    cancelled_amount: float
    cancelled_orders: int


def select(lines: pd.DataFrame, wanted: Selection) -> pd.DataFrame:
    """The order lines of a selection, cancelled ones included."""
    keep = pd.Series(True, index=lines.index)
    if wanted.country is not None:
        keep &= lines["country"] == wanted.country
    if wanted.product_line is not None:
        keep &= lines["productline"] == wanted.product_line
    if wanted.first is not None:
        keep &= lines["orderdate"] >= pd.Timestamp(wanted.first)
    if wanted.last is not None:
        keep &= lines["orderdate"] <= pd.Timestamp(wanted.last)
    return lines[keep]


def kept(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines that count as revenue."""
    return lines[lines["status"] != CANCELLED]


def headline(lines: pd.DataFrame) -> Headline:
    """Totals of a selection; the margin is None when nothing was sold."""
    sold, cancelled = kept(lines), lines[lines["status"] == CANCELLED]
    revenue, cost = int(sold["amount"].sum()), int(sold["cost"].sum())
    return Headline(
        revenue=revenue / CENTS,
        orders=int(sold["ordernumber"].nunique()),
        customers=int(sold["customernumber"].nunique()),
        margin_percent=100 * (revenue - cost) / revenue if revenue else None,
        cancelled_amount=int(cancelled["amount"].sum()) / CENTS,
        cancelled_orders=int(cancelled["ordernumber"].nunique()),
    )


def revenue_by_month(lines: pd.DataFrame) -> pd.Series[float]:
    """Revenue by month, from the first to the last month with an order; months without one are 0."""
    sold = kept(lines)
    monthly = sold.groupby(sold["orderdate"].dt.to_period("M"))["amount"].sum()
    if monthly.empty:
        return monthly / CENTS
    months = pd.period_range(monthly.index.min(), monthly.index.max(), freq="M")
    return monthly.reindex(months, fill_value=0) / CENTS


def revenue_by(lines: pd.DataFrame, *label: str, top: int | None = None) -> pd.Series[float]:
    """Revenue by one or more columns, the largest first; equals keep the order of their labels.

    With several columns the first ones identify and the last one names: ("productcode", "productname").
    """
    totals = kept(lines).groupby(list(label), observed=True)["amount"].sum() / CENTS
    ranked = totals.sort_index().sort_values(ascending=False, kind="stable")
    if len(label) > 1:
        ranked.index = ranked.index.get_level_values(-1).astype(str)
    return ranked if top is None else ranked.head(top)


def margin_by_line(lines: pd.DataFrame) -> pd.DataFrame:
    """revenue, margin and percent by product line, the largest margin first."""
    totals = kept(lines).groupby("productline", observed=True)[["amount", "cost"]].sum()
    margin = totals["amount"] - totals["cost"]
    result = pd.DataFrame(
        {
            "revenue": totals["amount"] / CENTS,
            "margin": margin / CENTS,
            "percent": 100 * margin / totals["amount"].where(totals["amount"] != 0),
        }
    )
    return result.sort_values("margin", ascending=False, kind="stable")


def orders_by_status(lines: pd.DataFrame) -> pd.Series[int]:
    """Orders by status, the most frequent first, cancelled ones included."""
    counts = lines.groupby("status", observed=True)["ordernumber"].nunique()
    return counts.sort_index().sort_values(ascending=False, kind="stable")
