"""transaction_items: what was sold, line by line."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.medallion.tables import TRANSACTION_ITEMS


def transaction_items(transactions: DataFrame) -> DataFrame:
    """One row per (store_id, transaction_id, item_number); items are numbered from 1 as the source lists them."""
    return (
        transactions.select("*", F.posexplode("items").alias("place", "item"))
        .withColumn("item_number", F.col("place") + 1)
        .select("*", "item.*")
        .withColumn("amount", (F.col("quantity").cast("decimal(10,0)") * F.col("price")).cast("decimal(21,2)"))
        .select(*TRANSACTION_ITEMS.fieldNames())
    )
