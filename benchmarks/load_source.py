"""How long a source of a given size takes to generate, and to load into the source database.

    python benchmarks/load_source.py 100000 1000000

The server is the one that `retail load-source` would take; the rows go to a database of their own, dropped afterwards.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table
from source_database.addresses import find_source
from source_database.connection import Source
from source_database.generator import Plan, generate
from source_database.mysql_writer import load_generated
from source_database.reconciliation import figures

DATABASE = "benchmark_load_source"


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def measure(source: Source, lines: int) -> tuple[float, float, float]:
    """Seconds to generate alone, to generate and load, and to compute the source's figures."""
    generated, _ = timed(lambda: sum(batch.num_rows for _, batch in generate(lines)))
    loaded, report = timed(lambda: load_generated(source, Plan(lines), replace=True))
    with source.connect(DATABASE) as connection:
        counted, found = timed(lambda: figures(connection))
    assert found["order_lines"] == report.rows["orderdetails"] == lines
    return generated, loaded, counted


def main(sizes: list[int]) -> None:
    source = find_source().at(database=DATABASE)
    table = Table(
        "order lines", "generate", "generate and load", "lines/s", "figures", title=f"Source at {source.address}"
    )
    try:
        for lines in sizes:
            generated, loaded, counted = measure(source, lines)
            table.add_row(
                f"{lines:,}", f"{generated:.1f} s", f"{loaded:.1f} s", f"{lines / loaded:,.0f}", f"{counted:.2f} s"
            )
    finally:
        with source.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    Console().print(table)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [100_000, 1_000_000])
