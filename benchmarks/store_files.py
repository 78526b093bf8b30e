"""Store files of any size, dropped in the landing bucket of a running platform: counts, sums, latency, memory.

    eval "$(make -s env)"; python benchmarks/store_files.py --megabytes 2048

Generates a CSV of about that size (rows of the bookstore's kind, a thousandth of them bad, a hundredth sent twice),
drops it, waits until Athena counts its rows, and compares with what was generated. Peak memory is that of the job's
Python process and JVM, sampled from /proc where the platform runs on this machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import psutil
from batch_etl.analytics.athena import QueryFailed, ask

_TITLES = ("The Alchemist", "Think Like a Monk", "1984", "The Silent Patient", "Project Hail Mary", "Sapiens")
_GENRES = ("Fiction", "Self-Help", "Thriller", "Finance", "Romance", "Science Fiction", "History")


@dataclass(frozen=True)
class Generated:
    lines: int
    good: int
    duplicates: int
    bad: int
    cents: int


def generate(path: Path, megabytes: int, run: str) -> Generated:
    good = duplicates = bad = cents = at = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("title,price,age_group,genre,book_id,transaction_id\n")
        while file.tell() < megabytes * 2**20:
            lines = []
            for number in range(at, at + 20_000):
                price = 500 + number * 7919 % 4500
                title, genre = _TITLES[number % len(_TITLES)], _GENRES[number % len(_GENRES)]
                amount = f"{price // 100}.{price % 100:02d}"
                line = f"{title},{amount},{number % 7 + 1}0s,{genre},B{number % 999_983},{run}{number}\n"
                if number % 1000 == 999:
                    lines.append(line.replace(amount, f"-{amount}", 1))
                    bad += 1
                    continue
                lines.append(line)
                good, cents = good + 1, cents + price
                if number % 100 == 50:
                    lines.append(line)
                    duplicates += 1
            file.writelines(lines)
            at += 20_000
    return Generated(good + duplicates + bad, good, duplicates, bad, cents)


class Peaks:
    """The highest resident memory of processes by kind."""

    def __init__(self) -> None:
        self.driver = self.jvm = 0

    def sample(self) -> None:
        for process in psutil.process_iter(["cmdline", "memory_info"]):
            command = " ".join(process.info["cmdline"] or [])
            held = process.info["memory_info"].rss if process.info["memory_info"] else 0
            if "retail_file_ingest.py" in command and "java" not in command:
                self.driver = max(self.driver, held)
            elif "org.apache.spark.deploy.SparkSubmit" in command:
                self.jvm = max(self.jvm, held)


def wait(athena: Any, run: str, generated: Generated, peaks: Peaks) -> tuple[int, Decimal]:
    sql = f"SELECT COUNT(*), SUM(price) FROM retail_silver.store_sales WHERE transaction_id LIKE '{run}%'"
    while True:
        for _ in range(20):
            peaks.sample()
            time.sleep(0.25)
        try:
            ((rows, amount),) = ask(athena, sql, workgroup="retail-analytics").rows
        except QueryFailed as problem:
            if "TABLE_NOT_FOUND" not in str(problem) and "does not exist" not in str(problem):
                raise
            continue
        if rows >= generated.good:
            return rows, amount


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=20)
    megabytes = parser.parse_args().megabytes
    run = f"bench{int(time.time())}-"
    landing = boto3.client("ssm").get_parameter(Name="/retail/lake/landing_bucket")["Parameter"]["Value"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        generated = generate(path, megabytes, run)
        print(f"generated  {generated.lines:>12,} rows  {path.stat().st_size / 2**20:,.0f} MiB")
        key = f"store-files/{run}sales.csv"
        boto3.client("s3").upload_file(str(path), landing, key)
    dropped, peaks = time.monotonic(), Peaks()
    rows, amount = wait(boto3.client("athena"), run, generated, peaks)
    seconds = time.monotonic() - dropped
    expected = Decimal(generated.cents) / 100
    print(f"queryable  {rows:>12,} rows  {amount:>18,}  after {seconds:,.0f} s")
    print(
        f"expected   {generated.good:>12,} rows  {expected:>18,}  duplicates {generated.duplicates:,}  "
        f"bad {generated.bad:,}"
    )
    print(f"peak memory: driver {peaks.driver / 2**20:,.0f} MiB, JVM {peaks.jvm / 2**20:,.0f} MiB")
    assert (rows, amount) == (generated.good, expected)


if __name__ == "__main__":
    main()
