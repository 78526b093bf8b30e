"""The dashboard's text: headline figures, freshness and quality of the last run, as HTML."""

from __future__ import annotations

import base64
import html
from datetime import UTC, datetime, timedelta

import pandas as pd
from matplotlib.figure import Figure

from batch_etl.analytics.figures import GREEN, GREY, INK, ORANGE, png
from batch_etl.analytics.gold import Publication
from batch_etl.analytics.measures import Headline

FRESH = timedelta(hours=26)
"""The nightly run publishes once a day; two hours late is late."""
_RUN_LENGTH = 16


def headline(figures: Headline) -> str:
    """Revenue, orders, customers, margin and what was cancelled."""
    margin = "-" if figures.margin_percent is None else f"{figures.margin_percent:.1f} %"
    tiles = [
        ("Revenue", f"{figures.revenue:,.2f}", "cancelled orders left out"),
        ("Orders", f"{figures.orders:,}", "not cancelled"),
        ("Customers", f"{figures.customers:,}", "who bought"),
        ("Margin", margin, "of revenue"),
        ("Cancelled", f"{figures.cancelled_amount:,.2f}", f"in {figures.cancelled_orders:,} orders"),
    ]
    return _row("".join(_tile(*tile) for tile in tiles))


def freshness(publication: Publication, now: datetime) -> str:
    """When the data was published, by which run, and how many rows went where."""
    published = publication.published_at.replace(tzinfo=publication.published_at.tzinfo or UTC)
    age = now - published
    colour, word = (GREEN, "fresh") if age <= FRESH else (ORANGE, "old: did the nightly run fail?")
    facts = (
        f"Published {published:%Y-%m-%d %H:%M} UTC, {_age(age)} ago "
        f'(<b style="color:{colour}">{word}</b>) by run {_run(publication.run_id)}: '
        f"{publication.rows_read:,} rows read, {publication.rows_written:,} written, "
        f"{publication.rows_quarantined:,} quarantined."
    )
    return f'<p style="color:{INK};margin:0">{facts}</p>'


def quality(checks: pd.DataFrame) -> str:
    """One row a table: checks passed; failed ones are named with what was expected and found."""
    passed = checks["passed"].astype(bool)
    tables = "".join(
        f"<li>{html.escape(str(table))}: {int(good.sum())} of {len(good)}</li>"
        for table, good in passed.groupby(checks["tablename"].astype(str))
    )
    failed = "".join(
        f"<li>{html.escape(f'{row.tablename}: {row.checkname}: expected {row.expected}, found {row.actual}')}</li>"
        for row in checks[~passed].itertuples()
    )
    colour = GREEN if passed.all() and len(passed) else ORANGE
    verdict = f"{int(passed.sum())} of {len(passed)} checks passed"
    return (
        f'<h3 style="color:{INK}">Quality of the last run: <span style="color:{colour}">{verdict}</span></h3>'
        f'<ul style="color:{INK};columns:3;max-width:60em;line-height:1.6">{tables}</ul><ul>{failed}</ul>'
    )


def picture(figure: Figure, says: str) -> str:
    """The figure, with `says` for those who do not see it."""
    data = base64.b64encode(png(figure)).decode()
    return f'<img alt="{html.escape(says, quote=True)}" style="width:100%" src="data:image/png;base64,{data}">'


def _tile(name: str, value: str, note: str) -> str:
    return (
        f'<div style="padding:0 2.2em 0 0"><div style="color:{GREY}">{name}</div>'
        f'<div style="color:{INK};font-size:1.7em;font-weight:600;line-height:1.3">{value}</div>'
        f'<div style="color:{GREY};font-size:0.9em">{note}</div></div>'
    )


def _row(content: str) -> str:
    return f'<div style="display:flex;flex-wrap:wrap;margin:0.8em 0">{content}</div>'


def _run(run_id: str) -> str:
    """A run's id, short; the whole one on hovering."""
    short = run_id if len(run_id) <= _RUN_LENGTH else run_id[: _RUN_LENGTH - 1] + "…"
    return f'<span title="{html.escape(run_id, quote=True)}">{html.escape(short)}</span>'


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
