"""Stored API pages to transaction_items by our Spark transforms and by a plain pandas script, in one run.

    python benchmarks/bronze_to_silver.py 100000 400000

Both read the same pages from local files (500 transactions each, every tenth page fetched twice) and write Parquet with
Snappy. Ours is the job's own code: it also says of every transaction whether it is good, bad or a duplicate, and why;
the script drops what it does not like. Rows and sum of both must agree. Spark's session is started and warmed up first:
an hourly job pays that once. The script holds everything in memory and uses one processor; ours uses all.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
from batch_etl.medallion.tables import RECEIVED, TRANSACTION_ITEMS
from batch_etl.quality.transactions import judge
from batch_etl.sources.api.fields import Fields
from batch_etl.sources.api.pages import decode_page
from batch_etl.transforms.transaction_items import transaction_items
from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table
from rivals.bronze_to_silver import build_with_pandas
from star_schema import spark_session

PAGE, ITEMS, ROUNDS = 500, 3, 3
_KNOWN = ("store_id", "transaction_id", "version", "read_at")

Build = Callable[[Path, Path], None]


def main(sizes: list[int]) -> None:
    table = Table("transactions", "by", "seconds", "transactions/s", "times pandas", title="API pages to silver")
    with tempfile.TemporaryDirectory(prefix="bronze-to-silver-") as folder:
        spark = spark_session(Path(folder))
        engines: dict[str, Build] = {
            "pandas script": build_with_pandas,
            "Spark (ours)": lambda pages, target: build_with_spark(spark, pages, target),
        }
        for transactions in sizes:
            pages = Path(folder) / f"pages-{transactions}"
            read = write_pages(pages, transactions)
            figures = {name: best_of(build, pages, Path(folder) / "silver") for name, build in engines.items()}
            assert len({figure[1:] for figure in figures.values()}) == 1, figures
            for name, (seconds, *_) in figures.items():
                ratio = figures["pandas script"][0] / seconds
                table.add_row(f"{read:,}", name, f"{seconds:.2f}", f"{read / seconds:,.0f}", f"{ratio:.2f}")
        spark.stop()
    Console().print(table)


def best_of(build: Build, pages: Path, target: Path) -> tuple[float, int, Decimal]:
    """Seconds of the fastest build, the rows that it wrote and what they come to."""
    taken = []
    for _ in range(ROUNDS):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        start = time.perf_counter()
        build(pages, target)
        taken.append(time.perf_counter() - start)
    figures = f"SELECT COUNT(*), CAST(SUM(amount) AS DECIMAL(38, 2)) FROM '{target}/**/*.parquet'"
    rows, amount = duckdb.sql(figures).fetchall()[0]
    return min(taken), rows, amount


def build_with_spark(spark: SparkSession, pages: Path, target: Path) -> None:
    """The job's work on new pages, with local files in place of S3 and Parquet in place of Iceberg."""
    files = sorted(str(page) for page in pages.iterdir())

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield decode_page(files[place], Path(files[place]).read_bytes(), Fields())

    tasks = min(len(files), 4 * spark.sparkContext.defaultParallelism)
    received = spark.range(0, len(files), 1, numPartitions=tasks).mapInArrow(read, RECEIVED).persist()
    known = spark.createDataFrame([], TRANSACTION_ITEMS).select(*_KNOWN)
    judged = judge(received, known, "online")
    assert judged.rejected.isEmpty()
    items = transaction_items(judged.accepted.where("outcome = 'good'"))
    items.write.option("compression", "snappy").parquet(str(target / "items"))
    received.unpersist()


def write_pages(folder: Path, transactions: int) -> int:
    """Pages as retail-api-fetch stores them; returns how many transactions are in them."""
    folder.mkdir()
    written = 0
    for number, start in enumerate(range(0, transactions, PAGE)):
        found = [order(one) for one in range(start, min(start + PAGE, transactions))]
        body = json.dumps({"transactions": found, "next_cursor": None})
        for reading in range(2 if number % 10 == 0 else 1):
            page = {"fetched_at": f"2026-05-21T1{reading}:00:00.000000Z", "body": body}
            (folder / f"{number:06d}-{reading}.json").write_text(json.dumps(page))
            written += len(found)
    return written


def order(number: int) -> dict[str, object]:
    prices = [Decimal(1000 + (number * 37 + place * 101) % 20_000) / 100 for place in range(ITEMS)]
    items = [
        {
            "product_code": f"S{(number + place) % 110:03d}",
            "quantity": 1 + (number + place) % 50,
            "price": f"{price:.2f}",
        }
        for place, price in enumerate(prices)
    ]
    total = sum((Decimal(str(item["price"])) * int(str(item["quantity"])) for item in items), Decimal(0))
    return {
        "order_number": 10_000 + number, "customer_number": number % 5_000, "status": "Shipped", "comments": None,
        "order_date": f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}", "required_date": "2026-12-31",
        "shipped_date": None, "items": items, "total": f"{total:.2f}",
    }  # fmt: skip


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [100_000])
