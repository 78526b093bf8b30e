"""The dashboard's pictures. Every bar carries its figure, titles say what is shown, colours suit colour-blind readers.

Colours are Okabe and Ito's (2008), which keep apart under every common form of colour blindness. Figures are made
without pyplot: it keeps global state, and a redraw has two seconds.
"""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from batch_etl.analytics import measures
from batch_etl.analytics.measures import CANCELLED, Selection

BLUE, GREEN, ORANGE, GREY, INK = "#0072B2", "#009E73", "#D55E00", "#767676", "#222222"
FAINT = "#D9D9D9"
_DPI = 96
_WIDTH, _BAR, _GAP, _TREND = 14.0, 0.34, 0.8, 3.3  # inches: the sheet, one bar, above each picture, the trend
_LEFT, _RIGHT, _PANEL = 2.7, 9.7, 4.1  # inches: where the columns' axes start, and how wide they are
_LABEL_ROOM = 1.28  # of the longest bar: space for the figure at its end
_NAME_LENGTH = 32
_LAST_DRAWN = 0xFFFF


def overview(lines: pd.DataFrame, wanted: Selection) -> Figure:
    """All pictures of a selection on one sheet; `lines` are all lines of the publication."""
    chosen = measures.select(lines, wanted)
    if chosen.empty:
        figure = Figure(figsize=(_WIDTH, 3))
        figure.text(0.5, 0.5, "No orders in this selection. Widen it above.", ha="center", color=GREY, fontsize=15)
        return figure
    products = measures.revenue_by(chosen, "productcode", "productname", top=wanted.top)
    customers = measures.revenue_by(chosen, "customernumber", "customername", top=wanted.top)
    countries = _with_rest(measures.revenue_by(chosen, "country"), wanted.top)
    margins, orders = measures.margin_by_line(chosen), measures.orders_by_status(chosen)

    ranked = _GAP + _height(max(len(products), len(customers)))
    left, right = _GAP + _height(len(countries)), 2 * _GAP + _height(len(margins)) + _height(len(orders))
    first = _GAP + _TREND
    figure = Figure(figsize=(_WIDTH, first + 0.3 + ranked + max(left, right) + 0.2))
    second = first + 0.3 + _GAP
    third = second + ranked
    fourth = third + _height(len(margins)) + _GAP

    revenue_trend(_axes(figure, 1.2, _GAP, _WIDTH - 2.4, _TREND), measures.revenue_by_month(chosen))
    bars(_panel(figure, _LEFT, second, products), products, f"Top {len(products)} products by revenue")
    bars(_panel(figure, _RIGHT, second, customers), customers, f"Top {len(customers)} customers by revenue")
    bars(_panel(figure, _LEFT, third, countries), countries, "Revenue by country")
    margin(_panel(figure, _RIGHT, third, margins), margins)
    statuses(_panel(figure, _RIGHT, fourth, orders), orders)
    return figure


def revenue_trend(axes: Axes, monthly: pd.Series[float]) -> None:
    """Revenue by month as a line; its highest and its last month are written beside it."""
    headed(axes, "Revenue by month, cancelled orders left out")
    if monthly.empty:
        return _nothing(axes)
    axes.plot(range(len(monthly)), monthly.to_numpy(), color=BLUE, linewidth=2.2, marker="o", markersize=4)
    axes.fill_between(range(len(monthly)), monthly.to_numpy(), color=BLUE, alpha=0.08)
    step = max(1, len(monthly) // 12)
    ticks = range(0, len(monthly), step)
    axes.set_xticks(list(ticks), [monthly.index[tick].strftime("%b\n%Y") for tick in ticks])
    axes.set_ylim(0, max(float(monthly.max()), 1.0) * 1.2)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    last, peak = len(monthly) - 1, int(monthly.to_numpy().argmax())
    _point(axes, monthly, last, (9, -4), "left")
    if peak != last:
        _point(axes, monthly, peak, (0, 9), "center" if last - peak > 4 else "right")
    _plain(axes, keep=("bottom",))
    return None


def _point(axes: Axes, monthly: pd.Series[float], at: int, offset: tuple[int, int], align: str) -> None:
    value, month = float(monthly.iloc[at]), monthly.index[at].strftime("%b %Y")
    label = f"{month}\n{value:,.0f}" if align == "left" else f"{month}: {value:,.0f}"
    axes.annotate(label, (at, value), offset, textcoords="offset points", ha=align, color=INK, fontsize=10)


def bars(axes: Axes, values: pd.Series[float], title: str) -> None:
    """One horizontal bar a label, the first on top, each with its figure."""
    headed(axes, title)
    if values.empty:
        return _nothing(axes)
    names = [_shortened(str(name)) for name in values.index]
    places = range(len(values))
    axes.barh(places, values.to_numpy(), color=[GREY if name.endswith(" others") else BLUE for name in names])
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            f"{value:,.0f}", (max(value, 0), place), (5, 0), textcoords="offset points", va="center", color=INK
        )
    axes.set_yticks(list(places), names)
    _bar_axes(axes, float(values.max()))
    return None


def margin(axes: Axes, lines: pd.DataFrame) -> None:
    """Revenue as a pale bar, the margin in it, and what share it is."""
    headed(axes, "Margin by product line, in green")
    if lines.empty:
        return _nothing(axes)
    places = range(len(lines))
    axes.barh(places, lines["revenue"].to_numpy(), color=FAINT)
    axes.barh(places, lines["margin"].to_numpy(), color=GREEN)
    for place, (_, row) in zip(places, lines.iterrows(), strict=True):
        label = f"{row['margin']:,.0f} ({row['percent']:.1f} %)"
        axes.annotate(
            label, (max(row["revenue"], 0), place), (5, 0), textcoords="offset points", va="center", color=INK
        )
    axes.set_yticks(list(places), [str(name) for name in lines.index])
    _bar_axes(axes, float(lines["revenue"].max()) * 1.12)
    return None


def statuses(axes: Axes, counts: pd.Series[int]) -> None:
    """Orders by status; cancelled ones stand out."""
    headed(axes, "Orders by status")
    places = range(len(counts))
    axes.barh(places, counts.to_numpy(), color=[ORANGE if name == CANCELLED else BLUE for name in counts.index])
    for place, value in zip(places, counts, strict=True):
        _at_end(axes, value, place, f"{value:,}")
    axes.set_yticks(list(places), [str(name) for name in counts.index])
    _bar_axes(axes, float(counts.max()))


def png(figure: Figure) -> bytes:
    """The figure as a PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def _height(bars_: int) -> float:
    return _BAR * max(bars_, 2)


def _panel(figure: Figure, left: float, top: float, rows: pd.Series[Any] | pd.DataFrame) -> Axes:
    return _axes(figure, left, top, _PANEL, _height(len(rows)))


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the sheet's upper left corner: fixed, as measuring text costs half a redraw."""
    across, down = figure.get_size_inches()
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def _with_rest(values: pd.Series[float], top: int) -> pd.Series[float]:
    """The first `top` and, where there are more, the sum of the others as one row."""
    if len(values) <= top + 1:
        return values
    rest = values.iloc[top:]
    return pd.concat([values.iloc[:top].rename(index=str), pd.Series({f"{len(rest)} others": float(rest.sum())})])


def _at_end(axes: Axes, bar: float, place: int, label: str) -> None:
    axes.annotate(label, (max(bar, 0), place), (5, 0), textcoords="offset points", va="center", color=INK)


def _bar_axes(axes: Axes, longest: float) -> None:
    axes.invert_yaxis()
    axes.set_xlim(0, max(longest, 1.0) * _LABEL_ROOM)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    _plain(axes, keep=())


def _plain(axes: Axes, keep: tuple[str, ...]) -> None:
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep)
        spine.set_color(GREY)
    axes.tick_params(colors=INK, labelsize=10)


def headed(axes: Axes, text: str) -> None:
    """What the picture shows, above it."""
    axes.set_title(text, loc="left", fontsize=13, fontweight="bold", color=INK, pad=10)


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "Nothing was sold in this selection", ha="center", color=GREY, transform=axes.transAxes)
    axes.set_xticks([])
    axes.set_yticks([])
    _plain(axes, keep=())


def _shortened(name: str) -> str:
    """A label of bearable length; emoji go, for the font has none."""
    drawn = "".join(character for character in name if ord(character) <= _LAST_DRAWN).strip()
    return drawn if len(drawn) <= _NAME_LENGTH else drawn[: _NAME_LENGTH - 1].rstrip() + "…"
