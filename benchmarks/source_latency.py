"""What the shop's own queries wait for while the ETL job reads the whole source, beside an idle source, in one run.

    python benchmarks/source_latency.py [SECONDS]

Needs the platform applied and loaded (`make up`, `eval "$(make -s env)"`). The extract's own streaming read runs in a
process of its own, over and over, for SECONDS (20); idle and extracting turns alternate, so that a noisy machine
disturbs both. The target is a ratio of at most 1.1 in the median.
"""

from __future__ import annotations

import multiprocessing as mp
import random
import sys
import time
from multiprocessing.synchronize import Event
from statistics import median, quantiles
from typing import Any

import boto3
from batch_etl.sources.mysql import open_snapshot
from batch_etl.sources.registered import registered_source
from rich.console import Console
from rich.table import Table
from source_database.addresses import find_source

TURNS = 4
SHOP_QUERIES = (
    "SELECT * FROM orders JOIN orderdetails USING (orderNumber) WHERE orderNumber = %s",
    "SELECT SUM(quantityOrdered * priceEach) FROM orderdetails WHERE orderNumber = %s",
)


def extract_until(done: Event, reading: Event, idle: Event) -> None:
    """Stream every table as the job does, whenever it is not the idle side's turn."""
    source = registered_source("retail", boto3.client("ssm"), boto3.client("secretsmanager"))
    while not done.is_set():
        if idle.is_set():
            reading.clear()
            time.sleep(0.05)
            continue
        with open_snapshot(source) as snapshot:
            for table in snapshot.tables():
                for _ in snapshot.stream(table):
                    reading.set()
                    if idle.is_set() or done.is_set():
                        break
                if idle.is_set() or done.is_set():
                    break


def wait_of(cursor: Any, orders: list[int], seconds: float) -> list[float]:
    """Milliseconds of the shop's queries, one after another, for so long."""
    chance, taken = random.Random(7), []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        cursor.execute(chance.choice(SHOP_QUERIES), (chance.choice(orders),))
        cursor.fetchall()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def main(seconds: float) -> None:
    context = mp.get_context("spawn")
    done, reading, idle = context.Event(), context.Event(), context.Event()
    idle.set()
    extract = context.Process(target=extract_until, args=(done, reading, idle))
    extract.start()
    alone: list[float] = []
    beside: list[float] = []
    source = find_source()
    try:
        with source.connect(source.address.database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT orderNumber FROM orders")
            orders = [row[0] for row in cursor.fetchall()]
            wait_of(cursor, orders, 1)
            for _ in range(TURNS):
                idle.set()
                while reading.is_set():
                    time.sleep(0.05)
                alone += wait_of(cursor, orders, seconds / TURNS)
                idle.clear()
                if not reading.wait(30):
                    raise SystemExit("The extract read nothing for 30 s; its error stands above.")
                beside += wait_of(cursor, orders, seconds / TURNS)
    finally:
        done.set()
        extract.join(30)
    table = Table("the shop's queries", "median", "95th percentile", "queries", title="Source latency")
    for name, taken in (("idle", alone), ("while extracting", beside)):
        table.add_row(name, f"{median(taken):.3f} ms", f"{quantiles(taken, n=20)[18]:.3f} ms", f"{len(taken):,}")
    ratio, tail = median(beside) / median(alone), quantiles(beside, n=20)[18] / quantiles(alone, n=20)[18]
    table.add_row("ratio", f"{ratio:.2f}", f"{tail:.2f}", "")
    Console(width=None if sys.stdout.isatty() else 100).print(table)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
