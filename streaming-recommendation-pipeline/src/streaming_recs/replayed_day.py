"""The latest orders, replayed as shoppers on the stream, with a live view of what comes back."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from streaming_recs.adapters.athena import LakeQuestionError, ask
from streaming_recs.adapters.event_sink import EventSink
from streaming_recs.adapters.inference_client import InferenceClient
from streaming_recs.shoppers import Visit, interleaved

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from streaming_recs.events import BrowseEvent
    from streaming_recs.operations import Platform

_CHUNK = 50
_VISITS = """
WITH latest AS (
  SELECT f.orderNumber, MAX(f.orderDate) AS orderDate
  FROM {gold}.fact_orders AS f
  GROUP BY f.orderNumber
  ORDER BY orderDate DESC, f.orderNumber DESC
  LIMIT {visits}
)
SELECT f.orderNumber, f.customerNumber, c.city, c.country, c.creditLimit, f.productCode, f.quantityOrdered
FROM {gold}.fact_orders AS f
JOIN latest AS l ON l.orderNumber = f.orderNumber
JOIN {gold}.dim_customers AS c ON c.customerNumber = f.customerNumber
ORDER BY f.orderNumber, f.orderLineNumber
"""


@dataclass
class Progress:
    """What the view shows; written by the sender and the asker, read by the view."""

    events: int
    began: float = field(default_factory=time.perf_counter)
    sent: int = 0
    sent_seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    paths: Counter[str] = field(default_factory=Counter)

    def table(self) -> Table:
        from rich.table import Table  # noqa: PLC0415 - `retail --help` stays quick

        table = Table(title="Shoppers on the stream", show_header=False)
        table.add_row("events sent", f"{self.sent:,} of {self.events:,}")
        table.add_row("events a second", f"{self.sent / max(self.sent_seconds, 1e-9):,.0f}")
        if len(self.milliseconds) > 1:
            tail = quantiles(self.milliseconds, n=100)[98]
            table.add_row("an answer takes", f"{median(self.milliseconds):.0f} ms (p99 {tail:.0f} ms)")
        table.add_row("answers by path", ", ".join(f"{path} {count}" for path, count in self.paths.most_common()))
        return table


def visits_of_lake(project: str, visits: int) -> list[Visit]:
    """The latest orders, by Athena; raises LakeQuestionError when there are none."""
    rows = ask(_VISITS.format(gold=f"{project}_gold", visits=int(visits)), project)
    found = []
    for _, lines in rows.groupby("ordernumber"):
        first = lines.iloc[0]
        products = tuple(zip(lines["productcode"], (int(q) for q in lines["quantityordered"]), strict=True))
        limit = None if first["creditlimit"] is None else float(first["creditlimit"])
        found.append(Visit(int(first["customernumber"]), first["city"], first["country"], limit, products))
    if not found:
        raise LakeQuestionError(f"{project}_gold.fact_orders has no orders.", "Run the job retail-etl-job first.")
    return found


def replay_visits(platform: Platform, visits: list[Visit], rate: float, seed: int, terminal: Console) -> Progress:
    """Send all looks, at most `rate` a second, and ask for the shoppers' lists meanwhile."""
    from rich.live import Live  # noqa: PLC0415

    stream, function = platform.parameters("events/stream_name", "inference/function_name")
    events = interleaved(visits, datetime.now(UTC), seed)
    sink = EventSink(platform.aws("kinesis"), stream)
    asker = InferenceClient(platform.aws("lambda"), function)
    chance = random.Random(seed)  # noqa: S311 - which shopper is asked for
    with terminal.status("waking the function"):
        _ask(asker, visits[0], Progress(0))  # a cold start is not what an answer takes
    progress = Progress(len(events))
    live = Live(progress.table(), console=terminal, refresh_per_second=2)
    with live, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(_send, sink, events, rate, progress)
        while not sending.done():
            _ask(asker, chance.choice(visits), progress)
            live.update(progress.table())
        live.update(progress.table())
    terminal.print()
    sending.result()  # raises what stopped the sender
    return progress


def _send(sink: EventSink, events: list[BrowseEvent], rate: float, progress: Progress) -> None:
    for start in range(0, len(events), _CHUNK):
        progress.sent += sink.send(events[start : start + _CHUNK])
        progress.sent_seconds = time.perf_counter() - progress.began
        time.sleep(max(0.0, progress.sent / rate - progress.sent_seconds))


def _ask(client: InferenceClient, visit: Visit, progress: Progress) -> None:
    began = time.perf_counter()
    answer: dict[str, Any] = client.get(f"/users/{visit.customer_number}/recommendations", limit=20)
    progress.milliseconds.append((time.perf_counter() - began) * 1000)
    progress.paths[answer["path"]] += 1
