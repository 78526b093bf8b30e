"""A publication becomes the rows of the training table, and every row that falls out is counted."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pyspark.sql import DataFrame

from streaming_recs.lake.publication import Publication
from streaming_recs.transforms.interactions import interactions, kept_purchases, usable_ratings
from streaming_recs.transforms.ratings_ml_training import ratings_ml_training


@dataclass(frozen=True)
class Prepared:
    """Rows to publish; what was read and left out; what the snapshot says of its source."""

    rows: DataFrame
    counts: dict[str, int]
    note: dict[str, str]


def sources_of(publication: Publication) -> dict[str, int]:
    """The snapshots that the training table is made of, by table."""
    pinned = {name: publication.snapshots[name] for name in ("fact_orders", "dim_products", "dim_customers")}
    return pinned | {name: publication.mirrors[name] for name in ("ratings",) if name in publication.mirrors}


def prepare(publication: Publication) -> Prepared:
    """Nothing is written. Counts: order lines and ratings read, and those of them that are left out, by reason."""
    facts, ratings = publication.read("fact_orders"), publication.read_mirror("ratings")
    purchases = kept_purchases(facts)
    happened = interactions(purchases, ratings).cache()
    rows = ratings_ml_training(happened, publication.read("dim_products"), publication.read("dim_customers")).cache()
    order_lines, rated = facts.count(), ratings.count() if ratings is not None else 0
    counts = {
        "order lines": order_lines,
        "cancelled": order_lines - purchases.count(),
        "ratings": rated,
        "ratings not usable": rated - usable_ratings(ratings).count() if ratings is not None else 0,
        "of unknown product or customer": happened.count() - rows.count(),
    }
    note = {"publication": publication.run_id, "sources": json.dumps(sources_of(publication))}
    return Prepared(rows, counts, note)
