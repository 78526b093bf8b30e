"""Each business question in Athena beside the same question asked of the source in MySQL, in one run.

    python benchmarks/questions.py [RUNS]

Needs the platform applied and loaded (`make up`, `eval "$(make -s env)"`). Takes the median of RUNS (3) after one that
warms both up. Answers must agree, or the benchmark ends with an error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from batch_etl.analytics.athena import ask
from rich.console import Console
from rich.table import Table
from source_database.addresses import find_source

SQL = Path(__file__).resolve().parents[1] / "sql"
WORKGROUP, DATABASE = "retail-analytics", "retail_gold"


def measured(question: Callable[[], int], runs: int) -> tuple[float, int]:
    """Median seconds as the client waits, and the number of rows."""
    rows, taken = question(), []
    for _ in range(runs):
        started = time.perf_counter()
        question()
        taken.append(time.perf_counter() - started)
    return median(taken), rows


def main(runs: int) -> None:
    athena, source = boto3.client("athena"), find_source()
    table = Table("question", "rows", "Athena", "MySQL", "Athena / MySQL", title=f"Median of {runs} runs")
    with source.connect(source.address.database) as connection, connection.cursor() as cursor:
        for path in sorted((SQL / "athena").glob("*.sql")):
            of_lake, of_source = path.read_text(), (SQL / "mysql" / "questions" / path.name).read_text()

            def in_athena(sql: str = of_lake) -> int:
                return len(ask(athena, sql, workgroup=WORKGROUP, database=DATABASE).rows)

            def in_mysql(sql: str = of_source, cursor: Any = cursor) -> int:
                cursor.execute(sql)
                return len(cursor.fetchall())

            (lake, rows), (direct, expected) = measured(in_athena, runs), measured(in_mysql, runs)
            if rows != expected:
                raise SystemExit(
                    f"{path.stem}: Athena answers {rows} rows, MySQL {expected}. Run retail-etl-job first."
                )
            table.add_row(path.stem, f"{rows:,}", f"{lake:.2f} s", f"{direct:.3f} s", f"{lake / direct:,.1f}")
    Console(width=None if sys.stdout.isatty() else 100).print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
