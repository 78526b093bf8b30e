"""The transformer beside a plain pandas script on the same raw file, JSON in and Parquet out, both in memory.

    python benchmarks/transformer.py [TRANSACTIONS…]

The script is the usual one: json, a DataFrame, money as double, no question asked. Ours also judges every record by the
catalogue, keeps money decimal, and writes the fourteen columns; both have Snappy. Entering the transactions in DynamoDB
is not in it: that waits for a service, a hundred transactions a call.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median

import pandas as pd
from batch_etl.quality.feed import judge
from batch_etl.sources.feed.catalogue import Product
from batch_etl.sources.feed.raw import read_entries
from batch_etl.sources.feed.sales import Moment, Sales
from batch_etl.sources.feed.table import to_parquet
from batch_etl.transforms.feed_transactions import by_day, feed_transactions
from rich.console import Console
from rich.table import Table

REPETITIONS = 5
WHEN = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
PRODUCTS = [
    Product(f"S{n:02d}_{n * 37 % 9999:04d}", f"Product {n}", f"Line {n % 7}", Decimal(n) + 1) for n in range(110)
]
CODES = {product.code for product in PRODUCTS}


def ours(body: bytes) -> tuple[int, Decimal]:
    """Rows, and their sum."""
    records = [entry.record or {} for entry in read_entries(body)]
    table = feed_transactions(judge(records, CODES, pd.Timestamp(WHEN)).good)
    for rows in by_day(table).values():
        to_parquet(rows)
    return table.num_rows, sum(table["total_amount"].to_pylist(), Decimal(0))


def plain(body: bytes) -> tuple[int, Decimal]:
    frame = pd.DataFrame(json.loads(body))
    frame["timestamp"] = pd.to_datetime(frame["timestamp"])
    for money in ("price", "total_amount"):
        frame[money] = frame[money].astype(float)
    for part in ("year", "month", "day", "hour"):
        frame[part] = getattr(frame["timestamp"].dt, part)
    frame["day_of_week"] = frame["timestamp"].dt.dayofweek
    frame.to_parquet(io.BytesIO(), compression="snappy", index=False)
    return len(frame), round(Decimal(frame["total_amount"].sum()), 2)


def seconds(work: Callable[[bytes], tuple[int, Decimal]], body: bytes) -> float:
    began = time.perf_counter()
    work(body)
    return time.perf_counter() - began


def compare(count: int) -> tuple[float, float]:
    """Median seconds of ours and of the plain script, taken in turns."""
    body = json.dumps(Sales().draw(Moment("benchmark", WHEN), PRODUCTS, count)).encode()
    assert ours(body) == plain(body)
    pairs = [(seconds(ours, body), seconds(plain, body)) for _ in range(REPETITIONS)]
    return median(one for one, _ in pairs), median(other for _, other in pairs)


def main() -> None:
    table = Table("transactions", "ours", "plain pandas", "ours / plain", "ours, transactions/s")
    for count in [int(argument) for argument in sys.argv[1:]] or [100, 10_000, 200_000]:
        one, other = compare(count)
        table.add_row(
            f"{count:,}", f"{one * 1e3:,.1f} ms", f"{other * 1e3:,.1f} ms", f"{one / other:.2f}", f"{count / one:,.0f}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
