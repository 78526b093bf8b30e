"""Enrichment of browse events: one exchange a batch, beside a query per event and a connection per event.

    python benchmarks/enrichment.py [EVENTS] [MODEL.npz]

Starts a PostgreSQL of its own (TLS, as on RDS), loads a version of Online Retail's size (3,659 items, 4,334 users) and
enriches the same events (2,000) in several ways. The rivals ask pgvector: for the nearest items of a ready vector and
nothing more, or three times an event, as the usual design does: the shopper's vector, the items nearest to it, items
like the one looked at last. Ours folds the history in, filters, re-ranks where the model can, explains and adds similar
items. Then: what a shopper waits between the click and the changed answer, without the stream; and cold starts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from streaming_recs.adapters import loader
from streaming_recs.enrichment import Enriched, enrich, to_line
from streaming_recs.events import parse_event
from streaming_recs.model.shopper import Wanted
from streaming_recs.model.version import ModelVersion
from streaming_recs.recommender import Asked, Recommender
from vector_world import VectorDatabase, small_model, vector_database

BATCH = 500
_NEAREST = "SELECT id FROM item_emb ORDER BY embedding <#> %s::vector LIMIT 20"
_SHOPPER = "SELECT embedding::text FROM user_emb WHERE id = %s"
_LIKE = """
SELECT other.id FROM item_emb AS one, item_emb AS other
WHERE one.id = %s AND other.id <> one.id ORDER BY other.embedding <#> one.embedding LIMIT 3
"""


class InMemoryStore:
    """The lake, for a benchmark of what comes after it."""

    def __init__(self, model: ModelVersion) -> None:
        self.model = model

    def load(self, version: str) -> ModelVersion:
        assert version == self.model.version
        return self.model

    def last_live(self) -> str | None:
        return self.model.version

    def note_serving(self, version: str) -> None:
        assert version == self.model.version


def events(model: ModelVersion, count: int) -> list[bytes]:
    """Half of known customers, half of strangers; histories of none to eight products."""
    rng = np.random.default_rng(5)
    made = []
    for n in range(count):
        history = rng.choice(model.items, rng.integers(0, 9), replace=False).tolist()
        made.append(
            json.dumps({
                "schema_version": 1, "event_id": uuid.uuid4().hex, "session_id": f"s{n}", "city": "Nantes",
                "customer_number": int(rng.choice(model.users)) if n % 2 else None, "country": "France",
                "credit_limit": 20000.0, "event_time": "2026-11-21T12:00:00Z",
                "browse_history": [{"product_code": c, "quantity": 1, "in_shopping_cart": False} for c in history],
            }).encode()
        )  # fmt: skip
    return made


def in_batches(recommender: Recommender, raw: list[bytes]) -> int:
    lines = 0
    for start in range(0, len(raw), BATCH):
        for outcome in enrich(raw[start : start + BATCH], recommender):
            assert isinstance(outcome, Enriched)
            lines += len(to_line(outcome.document)) > 0
    return lines


def query_per_event(server: VectorDatabase, model: ModelVersion, raw: list[bytes]) -> int:
    vector = json.dumps(model.prior.tolist())
    with server.connect("retail_inference") as db:
        for record in raw:
            event = parse_event(record)
            found = db.execute(_NEAREST, (vector,)).fetchall()
            json.dumps(event.to_json() | {"recommended_items": found})
    return len(raw)


def three_queries_per_event(server: VectorDatabase, model: ModelVersion, raw: list[bytes]) -> int:
    mean = json.dumps(model.prior.tolist())
    with server.connect("retail_inference") as db:
        for record in raw:
            event = parse_event(record)
            known = db.execute(_SHOPPER, (event.customer_number,)).fetchone()
            found = db.execute(_NEAREST, (known[0] if known else mean,)).fetchall()
            last = event.browse_history[-1].product_code if event.browse_history else None
            like = db.execute(_LIKE, (last,)).fetchall()
            json.dumps(event.to_json() | {"recommended_items": found, "similar_items": like})
    return len(raw)


def connection_per_event(server: VectorDatabase, model: ModelVersion, raw: list[bytes]) -> int:
    for record in raw:
        three_queries_per_event(server, model, [record])
    return len(raw)


def rate(work: Callable[[], int]) -> float:
    started = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - started)


def enrichment_table(server: VectorDatabase, model: ModelVersion, count: int) -> Table:
    raw = events(model, count)
    recommender = Recommender(server.store(), InMemoryStore(model))  # type: ignore[arg-type]
    in_batches(recommender, raw[:BATCH])
    figures = {
        f"ours, batches of {BATCH}": rate(lambda: in_batches(recommender, raw)),
        "ours, one event a call": rate(lambda: sum(in_batches(recommender, [one]) for one in raw[:200])),
        "one bare query per event": rate(lambda: query_per_event(server, model, raw[:400])),
        "three queries per event": rate(lambda: three_queries_per_event(server, model, raw[:400])),
        "three queries, a connection per event": rate(lambda: connection_per_event(server, model, raw[:60])),
    }
    rivals = ("three queries, a connection per event", "three queries per event", "one bare query per event")
    table = Table("way", "events/s", *(f"× {rival}" for rival in rivals), title=f"{count:,} events")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.0f}", *(f"{value / figures[rival]:,.1f}" for rival in rivals))
    return table


def freshness_table(server: VectorDatabase, model: ModelVersion, clicks: int = 200) -> Table:
    recommender = Recommender(server.store(), InMemoryStore(model))  # type: ignore[arg-type]
    writer = server.store("retail_profile_updater")
    asked, remembered, answered = [], [], []
    for n, raw in enumerate(events(model, clicks)):
        event = parse_event(raw)
        started = time.perf_counter()
        writer.remember([event])
        written = time.perf_counter()
        recommender.recommend([Asked(event.customer_number, event.session_id)], Wanted())
        ended = time.perf_counter()
        if n >= 20:
            remembered.append(written - started)
            answered.append(ended - written)
            asked.append(ended - started)
    table = Table("step", "p50", "p99", title="From a click to the changed answer, the stream apart")
    for name, taken in (("remember", remembered), ("recommend one user", answered), ("both", asked)):
        table.add_row(name, f"{1000 * median(taken):.1f} ms", f"{1000 * quantiles(taken, n=100)[98]:.1f} ms")
    return table


def cold_table(runs: int = 5) -> Table:
    table = Table("import", "CPU, median", "beside plain", title="Cold start: CPU seconds of the imports")
    plain = cold("import numpy, psycopg, boto3", runs)
    table.add_row("numpy + psycopg + boto3, plainly", f"{1000 * plain:.0f} ms", "1.00")
    for name in ("inference", "recommendation_transform", "profile_updater"):
        taken = cold(f"import streaming_recs.handlers.{name}", runs)
        table.add_row(f"retail-{name.replace('_', '-')}", f"{1000 * taken:.0f} ms", f"{taken / plain:.2f}")
    return table


def cold(statement: str, runs: int) -> float:
    """CPU time is the function's own; wall time on a busy machine is everybody's."""
    script = f"import time\n{statement}\nprint(time.process_time())"
    return median(
        float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)
        for _ in range(runs)
    )


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else 2_000
    console = Console(width=None if sys.stdout.isatty() else 100)
    with tempfile.TemporaryDirectory() as folder, vector_database(Path(folder) / "pg") as server:
        model: Any = (
            ModelVersion.from_bytes(Path(arguments[1]).read_bytes())
            if len(arguments) > 1
            else small_model("bench", items=3_659, users=4_334)
        )
        with server.connect("retail_loader") as connection:
            loader.load(connection, model)
            loader.switch(connection, model.version, "benchmark")
        console.print(enrichment_table(server, model, count))
        console.print(freshness_table(server, model))
    console.print(cold_table())


if __name__ == "__main__":
    main(sys.argv[1:])
