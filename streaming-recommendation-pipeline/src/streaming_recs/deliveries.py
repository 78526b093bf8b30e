"""What Firehose has delivered, asked of Athena: what was recommended, on which path, and how it was received."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from streaming_recs.adapters.athena import ask

if TYPE_CHECKING:
    from rich.table import Table

_POLL_SECONDS = 5.0
_HEADINGS = ("path", "model version", "events", "customers", "items each", "first item", "its reason")
_DELIVERED = """
SELECT
  path,
  model_version AS modelVersion,
  COUNT(*) AS events,
  COUNT(DISTINCT customer_number) AS customers,
  CAST(AVG(CARDINALITY(recommended_items)) AS DECIMAL(9, 1)) AS itemsEach,
  MIN_BY(recommended_items[1].product_code, event_time) AS firstItem,
  MIN_BY(recommended_items[1].reason, event_time) AS firstReason
FROM recommendations
WHERE CARDINALITY(recommended_items) > 0
GROUP BY path, model_version
ORDER BY events DESC
"""


def delivered(project: str, wanted: int, wait_seconds: float) -> Any:
    """A frame, one row a path and version, once `wanted` events are there or the time is up."""
    until = time.monotonic() + wait_seconds
    while True:
        rows = ask(_DELIVERED, project)
        if rows["events"].sum() >= wanted or time.monotonic() > until:
            return rows
        time.sleep(_POLL_SECONDS)


def as_table(rows: Any) -> Table:
    """The frame for a terminal."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(*_HEADINGS, title="Recommendations delivered")
    for column in table.columns[:2]:
        column.no_wrap = True
    for row in rows.itertuples(index=False):
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    return table
