"""The training table and the catalogue behind it, as the plain columns that training takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from streaming_recs.lake.options import JobOptions
from streaming_recs.lake.publication import at_snapshot
from streaming_recs.lake.training_table import TrainingTable
from streaming_recs.training.interactions import Interactions
from streaming_recs.training.tables import Customers, Items, Sources

_SECONDS_A_DAY = 86_400


def training_input(spark: SparkSession, options: JobOptions) -> tuple[Sources, dict[str, Any]]:
    """Interactions with every product and customer of their publication, and the snapshots they were read at.

    Products and customers come from the dimensions, not from the table: what was never bought can be recommended by
    its attributes, and a customer without an order still says what a place is like. Raises NotPublishedError.
    """
    table = TrainingTable(spark, options.gold)
    snapshot = table.snapshot()
    origin = table.origin(snapshot)
    pinned = origin["sources"]
    products = at_snapshot(spark, f"{options.gold}.dim_products", pinned["dim_products"])
    customers = at_snapshot(spark, f"{options.gold}.dim_customers", pinned["dim_customers"])
    sources = Sources(_interactions(table.read(snapshot)), _items(products), _customers(customers))
    snapshots = pinned | {"ratings_ml_training": snapshot}
    return sources, {"publication": origin["publication"], "snapshots": snapshots, "rows": len(sources.interactions)}


def _interactions(rows: DataFrame) -> Interactions:
    read = _columns(
        rows.select(
            "customerNumber",
            "productCode",
            (F.col("interactedAt").cast("double") / _SECONDS_A_DAY).alias("day"),
            F.coalesce(F.col("quantity"), F.lit(1)).cast("double").alias("quantity"),
            "weight",
        )
    )
    columns = ("customerNumber", "productCode", "day", "quantity", "weight")
    return Interactions.of(*(read[name] for name in columns))


def _items(products: DataFrame) -> Items:
    read = _columns(
        products.select(
            "productCode",
            F.coalesce("productLine", F.lit("")).alias("line"),
            F.coalesce(F.col("MSRP").cast("double"), F.lit(float("nan"))).alias("price"),
            (F.coalesce(F.col("quantityInStock"), F.lit(0)) > 0).alias("in_stock"),
        )
    )
    return Items.of(read["productCode"], read["line"], read["price"], read["in_stock"])


def _customers(customers: DataFrame) -> Customers:
    read = _columns(
        customers.select(
            "customerNumber",
            F.coalesce(F.trim("country"), F.lit("")).alias("country"),
            F.coalesce(F.trim("city"), F.lit("")).alias("city"),
            F.coalesce(F.col("creditLimit").cast("double"), F.lit(float("nan"))).alias("credit"),
        )
    )
    return Customers.of(read["customerNumber"], read["country"], read["city"], read["credit"])


def _columns(rows: DataFrame) -> dict[str, Any]:
    """Column name → NumPy array, by way of Arrow."""
    frame = rows.toPandas()
    return {name: np.asarray(frame[name]) for name in frame.columns}
