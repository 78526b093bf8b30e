"""retail_silver.transactions: one row a transaction of the feed, with the parts of its moment (UTC) beside it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

MONEY = pa.decimal128(10, 2)
TOTAL = pa.decimal128(18, 2)
SCHEMA = pa.schema([
    ("transaction_id", pa.string()),
    ("timestamp", pa.timestamp("ms", tz="UTC")),
    ("customer_id", pa.string()),
    ("product_id", pa.string()),
    ("product_name", pa.string()),
    ("category", pa.string()),
    ("quantity", pa.int32()),
    ("price", MONEY),
    ("total_amount", TOTAL),
    ("year", pa.int32()),
    ("month", pa.int32()),
    ("day", pa.int32()),
    ("hour", pa.int32()),
    ("day_of_week", pa.int32()),
])  # fmt: skip


def feed_transactions(judged: pa.Table) -> pa.Table:
    """The fourteen columns, in the order of their moments; day_of_week 0 is Monday."""
    moment = _without_zone(judged["timestamp"])
    parts = {
        "year": pc.year(moment),
        "month": pc.month(moment),
        "day": pc.day(moment),
        "hour": pc.hour(moment),
        "day_of_week": pc.day_of_week(moment, count_from_zero=True, week_start=1),
    }
    columns = {name: judged[name] for name in judged.column_names} | parts
    table = pa.table({name: columns[name] for name in SCHEMA.names}).cast(SCHEMA)
    return table.sort_by([("timestamp", "ascending"), ("transaction_id", "ascending")])


def by_day(transactions: pa.Table) -> dict[str, pa.Table]:
    """The rows of each day (UTC), by its name in the partition dt."""
    days = pc.strftime(_without_zone(transactions["timestamp"]), "%Y-%m-%d")
    return {day: transactions.filter(pc.equal(days, day)) for day in sorted(pc.unique(days).to_pylist())}


def _without_zone(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """UTC as it is: Arrow would look for the zone's rules in files that Lambda does not have."""
    return moments.cast(pa.timestamp("ms"))
