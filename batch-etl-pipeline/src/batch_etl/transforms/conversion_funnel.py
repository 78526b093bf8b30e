"""conversion_funnel: of the sessions of a day, how many looked at a product, had one in the cart, ordered."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.medallion.tables import CONVERSION_FUNNEL
from batch_etl.transforms.measures import is_cancelled


def conversion_funnel(sessions: DataFrame, clicks: DataFrame, items: DataFrame) -> DataFrame:
    """One row per date (UTC) on which a session began.

    An order carries no session, and of the storefront's only its day is known. It joins the session of the same
    customer whose days, first event to last, hold the order's day; of several, the one that began last. Who ordered
    had a cart, and who had a cart has viewed: so no step is larger than the one before.
    """
    looks = clicks.groupBy("session_id").agg(F.bool_or("was_in_cart").alias("had_cart"))
    steps = (
        sessions.join(looks, "session_id", "left")
        .join(_orders_by_session(sessions, items), "session_id", "left")
        .select(
            F.to_date("started_at").alias("date"),
            F.col("orders").isNotNull().alias("ordered"),
            (F.coalesce("had_cart", F.lit(False)) | F.col("orders").isNotNull()).alias("cart"),
            (F.col("had_cart").isNotNull() | F.col("orders").isNotNull()).alias("viewed"),
            F.coalesce("orders", F.lit(0)).alias("orders"),
            F.coalesce("sales", F.lit(0)).alias("sales"),
        )
    )
    return (
        steps.groupBy("date")
        .agg(
            F.count(F.lit(1)).alias("sessions"),
            *(F.count_if(name).alias(name) for name in ("viewed", "cart", "ordered")),
            F.sum("orders").alias("orders"),
            F.sum("sales").cast("decimal(21,2)").alias("sales"),
        )
        .withColumn("conversion_rate", (F.col("ordered") / F.col("sessions")).cast("decimal(7,4)"))
        .select(*CONVERSION_FUNNEL.fieldNames())
    )


def _orders_by_session(sessions: DataFrame, items: DataFrame) -> DataFrame:
    """One row a session that ordered: its orders, and their sales without cancelled ones."""
    orders = (
        items.where("customer_id IS NOT NULL")
        .groupBy("store_id", "transaction_id", "customer_id", F.to_date("ts").alias("day"), is_cancelled().alias("off"))
        .agg(F.sum("amount").alias("amount"))
    )
    spans = sessions.select(
        "session_id", "customer_id", "started_at", F.to_date("started_at").alias("first_day"),
        F.to_date("ended_at").alias("last_day"),
    )  # fmt: skip
    last = Window.partitionBy("store_id", "transaction_id").orderBy(F.desc("started_at"), "session_id")
    joined = orders.join(spans, "customer_id").where("day BETWEEN first_day AND last_day")
    return (
        joined.withColumn("place", F.row_number().over(last))
        .where("place = 1")
        .groupBy("session_id")
        .agg(F.count(F.lit(1)).alias("orders"), F.sum(F.when(~F.col("off"), F.col("amount"))).alias("sales"))
    )
