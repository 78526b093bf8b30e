"""The whole stream of a running platform: how soon a click changes the answer, and events a second into the lake.

    python benchmarks/stream.py [CLICKS] [RATE] [EVENTS]

Needs what `make demo` leaves behind (`make up`, `eval "$(make -s env)"`). CLICKS (40) customers click, one after the
other, on an idle stream; then as many while shoppers send RATE (500) events a second. A click counts from before it is
put on the stream until an answer of retail-inference has changed. At last EVENTS (20,000) are sent as fast as the
stream takes them, and the time is taken until the last of them, enriched, is in the lake, Firehose's buffering of 60 s
with it: the more events, the less it counts.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

import boto3
import pyarrow.parquet
from pyarrow import BufferReader
from rich.console import Console
from rich.table import Table
from streaming_recs.adapters.event_sink import EventSink
from streaming_recs.adapters.inference_client import InferenceFailedError
from streaming_recs.click import ClickTrial
from streaming_recs.events import BrowseEvent
from streaming_recs.operations import Platform
from streaming_recs.replayed_day import visits_of_lake
from streaming_recs.shoppers import interleaved

VISITS = 2_000
BUFFERED_SECONDS = 60
DELIVERED = "bronze/recommendations_delivered/"
console = Console(width=None if sys.stdout.isatty() else 100)


@contextmanager
def shoppers(sink: EventSink, events: list[BrowseEvent], rate: float) -> Iterator[list[int]]:
    """Send the events over and over, `rate` a second, in a thread; gives the number sent so far, in a list of one."""
    done, sent = threading.Event(), [0]

    def send() -> None:
        began, chunk = time.perf_counter(), max(1, round(rate / 10))
        while not done.is_set():
            start = sent[0] % len(events)
            sent[0] += sink.send(events[start : start + chunk])
            done.wait(max(0.0, sent[0] / rate - (time.perf_counter() - began)))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        done.set()
        thread.join()


def clicks(platform: Platform, customers: list[int]) -> tuple[list[float], int]:
    """Seconds until each customer's list had changed, and how many lists had not within the trial's patience."""
    seconds, unchanged = [], 0
    for customer in customers:
        try:
            trial = ClickTrial.run(platform, customer, 20)
        except InferenceFailedError as error:
            console.print(f"[yellow]{error}[/]")
            unchanged += 1
            continue
        if trial is None:
            raise SystemExit("Popularity serves, so no click changes a list. Train on more orders first.")
        seconds.append(trial.seconds)
    return seconds, unchanged


def add_row(table: Table, name: str, seconds: list[float], unchanged: int) -> None:
    figures = (median(seconds), quantiles(seconds, n=100, method="inclusive")[98], max(seconds))
    table.add_row(name, str(len(seconds)), *(f"{1000 * figure:.0f} ms" for figure in figures), str(unchanged))


def delivered_rows(s3: Any, bucket: str, counted: dict[str, int]) -> int:
    """Rows of all delivered files; each file is read once."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=DELIVERED):
        for found in page.get("Contents", []):
            if found["Key"] not in counted:
                body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
                counted[found["Key"]] = pyarrow.parquet.ParquetFile(BufferReader(body)).metadata.num_rows
    return sum(counted.values())


def throughput(platform: Platform, sink: EventSink, events: list[BrowseEvent], count: int) -> tuple[float, float]:
    """Seconds until all were on the stream, and until all were in the lake."""
    s3, bucket, counted = platform.aws("s3"), platform.lake_bucket(), dict[str, int]()
    before = settled(s3, bucket, counted)
    began, sent = time.perf_counter(), 0
    while sent < count:
        start = sent % len(events)
        sent += sink.send(events[start : start + min(500, count - sent)])
    on_stream = time.perf_counter() - began
    with console.status("waiting for Firehose"):
        while delivered_rows(s3, bucket, counted) < before + sent:
            if time.perf_counter() - began > 1_800:
                raise SystemExit(f"{sum(counted.values()) - before:,} of {sent:,} events are in the lake after 30 min.")
            time.sleep(0.5)
    return on_stream, time.perf_counter() - began


def settled(s3: Any, bucket: str, counted: dict[str, int]) -> int:
    """Rows once nothing more has come for longer than Firehose buffers."""
    rows, since = delivered_rows(s3, bucket, counted), time.monotonic()
    with console.status("waiting until what was sent before is delivered"):
        while time.monotonic() - since < BUFFERED_SECONDS + 30:
            time.sleep(5)
            if (now := delivered_rows(s3, bucket, counted)) != rows:
                rows, since = now, time.monotonic()
    return rows


def main(trials: int, rate: float, count: int) -> None:
    platform = Platform("retail", os.environ, boto3.client)
    sink = EventSink(boto3.client("kinesis"), platform.parameters("events/stream_name")[0])
    visits = visits_of_lake("retail", VISITS)
    events = interleaved(visits, datetime.now(UTC))
    browsing = {visit.customer_number for visit in visits}
    with platform.connect() as connection:
        known = [int(row[0]) for row in connection.execute("SELECT id FROM user_emb ORDER BY id").fetchall()]
    quiet = [customer for customer in known if customer not in browsing] or known
    table = Table("stream", "clicks", "p50", "p99", "slowest", "unchanged", title="From a click to the changed answer")
    add_row(table, "idle", *clicks(platform, quiet[:trials]))
    with shoppers(sink, events, rate) as sent:
        began = time.perf_counter()
        time.sleep(15)  # cold starts are over; they are not what a running shop waits for
        found = clicks(platform, quiet[trials : 2 * trials])
        reached = sent[0] / (time.perf_counter() - began)
    add_row(table, f"{reached:,.0f} events/s", *found)
    console.print(table)
    on_stream, in_lake = throughput(platform, sink, events, count)
    console.print(
        f"{count:,} events: on the stream at {count / on_stream:,.0f} a second; all enriched and in the lake after "
        f"{in_lake:.0f} s, {count / in_lake:,.0f} a second; Firehose holds the last ones {BUFFERED_SECONDS} s."
    )


if __name__ == "__main__":
    given = [float(argument) for argument in sys.argv[1:]]
    clicked, per_second, whole = (given + [40, 500, 20_000][len(given) :])[:3]
    main(int(clicked), per_second, int(whole))
