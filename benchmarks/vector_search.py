"""Top 20 for one user: exact in memory, ours in pgvector, and plain HNSW with its default settings.

    python benchmarks/vector_search.py [ITEMS…]      (3659 20000 100000; 1000000 takes minutes to index)

Vectors have the spectrum of a trained catalogue: clusters, lengths that vary, a recency dimension. "plain HNSW" is what
one gets from the manual's first example: inner product on the raw vectors, ef_search 40; its WHERE shows how many of 20
it returns when a tenth of the items may be shown. Recall is against the exact answer; the floors are .99 and, above
500,000 items, .95.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from streaming_recs.adapters import loader
from streaming_recs.adapters.vector_store import VectorStore
from streaming_recs.errors import VersionRefusedError
from streaming_recs.model import retrieval
from streaming_recs.model.version import ModelVersion
from vector_world import VectorDatabase, small_model, vector_database

K, QUERIES = 20, 200


def catalogue(items: int, users: int = 1_000) -> ModelVersion:
    """Items around 200 centres, popular ones longer, with the first dimensions carrying most."""
    rng = np.random.default_rng(items)
    spectrum = 1 / np.sqrt(1 + np.arange(32))
    centres = rng.normal(size=(200, 32)) * spectrum
    lengths = 0.05 * rng.lognormal(0, 1.0, (items, 1))  # as Online Retail's trained vectors have them
    v = ((centres[rng.integers(0, 200, items)] + 0.6 * rng.normal(size=(items, 32)) * spectrum) * lengths).astype("f4")
    u = (centres[rng.integers(0, 200, users)] + 0.6 * rng.normal(size=(users, 32)) * spectrum).astype("f4")
    model = small_model(f"bench-{items}", items=100, users=users)
    nothing = {"neighbours": model.neighbours, "companions": model.companions}
    return replace(
        model,
        items=np.array([f"P{n:07d}" for n in range(items)]),
        item_vectors=v,
        input_vectors=v,
        user_vectors=u,
        recency=rng.normal(size=items).astype("f4"),
        recency_weight=2.0,
        popularity=np.ones(items, dtype="f4"),
        gram=(v.T @ v).astype("f4"),
        attributes=replace(
            model.attributes,
            product_line=np.array(["tenth", "rest"])[(np.arange(items) % 10 > 0).astype(int)],
            price=np.full(items, np.nan),
            in_stock=np.ones(items, dtype=bool),
        ),
        item_signals=np.zeros((items, model.item_signals.shape[1]), dtype="f4"),
        **nothing,
    )


def timed(ask: Callable[[int], Any]) -> tuple[list[Any], list[float]]:
    answers, seconds = [], []
    for n in range(QUERIES):
        started = time.perf_counter()
        answers.append(ask(n))
        seconds.append(time.perf_counter() - started)
    return answers, seconds


def recall(found: list[Any], truth: np.ndarray) -> float:
    return float(np.mean([len(set(row) & set(best)) / K for row, best in zip(found, truth.tolist(), strict=True)]))


def plain_index(server: VectorDatabase, suffix: str) -> None:
    """Inner product on the 33 raw dimensions with the default m and ef_construction."""
    with server.connect("retail_loader") as db:
        db.execute(
            f"CREATE TABLE plain_{suffix} AS SELECT position, product_line,"
            f" (embedding || ARRAY[recency]::vector)::vector(33) AS v FROM item_vectors_{suffix}".encode()
        )
        db.execute("SET maintenance_work_mem = '1GB'")
        db.execute(f"CREATE INDEX ON plain_{suffix} USING hnsw (v vector_ip_ops)".encode())
        db.execute(f"ANALYZE plain_{suffix}".encode())
        db.execute(f"GRANT SELECT ON plain_{suffix} TO recs_reader".encode())


def measure(server: VectorDatabase, items: int, table: Table) -> None:
    model = catalogue(items)
    users = retrieval.normalised(model, model.user_vectors[:QUERIES])
    everything = np.ones((1, items), dtype=bool)
    started = time.perf_counter()
    with server.connect("retail_loader") as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        loaded = loader.load(connection, model)
        loader.switch(connection, model.version, "benchmark")
    load_seconds = time.perf_counter() - started
    exact, exact_seconds = timed(lambda n: retrieval.exact(model, users[n : n + 1], everything, K)[0].tolist())
    truth = np.array(exact)
    store: VectorStore = server.store()
    live = store.state([]).live
    store.nearest(live, users[:1], K)
    ours, our_seconds = timed(lambda n: store.nearest(live, users[n : n + 1], K)[0].tolist())
    plain_index(server, live.suffix)
    texts = [json.dumps([*user.tolist(), float(model.recency_weight)]) for user in users]
    with server.connect("retail_inference") as db:
        query = f"SELECT position FROM plain_{live.suffix} {{}} ORDER BY v <#> %s::vector LIMIT {K}"
        plain, plain_seconds = timed(
            lambda n: [row[0] for row in db.execute(query.format("").encode(), (texts[n],)).fetchall()]
        )
        filtered, _ = timed(
            lambda n: db.execute(query.format("WHERE product_line || '' = 'tenth'").encode(), (texts[n],)).fetchall()
        )
    allowed = (np.arange(items) % 10 == 0)[None, :]
    ours_filtered, _ = timed(lambda n: [i for i in retrieval.exact(model, users[n : n + 1], allowed, K)[0] if i >= 0])
    kept = float(np.mean([len(row) for row in ours_filtered]))
    for name, found, seconds, of_filter in (
        ("exact in memory: serves up to 100,000", exact, exact_seconds, kept),
        (f"pgvector: {loaded.index_kind}, ef {loaded.ef_search or '-'}", ours, our_seconds, kept),
        ("plain HNSW", plain, plain_seconds, np.mean([len(row) for row in filtered])),
    ):  # fmt: skip
        table.add_row(
            f"{items:,}", name, f"{1000 * median(seconds):.2f}", f"{1000 * quantiles(seconds, n=100)[98]:.2f}",
            f"{recall(found, truth):.4f}", f"{of_filter:.1f} of {K}",
            f"{load_seconds:.1f} s" if name.startswith("pgvector") else "",
        )  # fmt: skip


def main(sizes: list[int]) -> None:
    table = Table("items", "way", "p50 ms", "p99 ms", "recall@20", "filtered to a tenth", "load + index + recall")
    with (
        tempfile.TemporaryDirectory() as folder,
        vector_database(Path(folder) / "pg", shared_buffers="512MB") as server,
    ):
        for items in sizes:
            try:
                measure(server, items, table)
            except VersionRefusedError as refusal:
                table.add_row(f"{items:,}", f"refused: {refusal.message}", *[""] * 5)
    Console(width=None if sys.stdout.isatty() else 110).print(table)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [3_659, 20_000, 100_000])
