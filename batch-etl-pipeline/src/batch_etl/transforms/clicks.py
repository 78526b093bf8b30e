"""clicks and sessions: what browse events say, whatever order they come in and however often.

The history of an event is cumulative, so events repeat one another; every column is the least, the greatest or the
latest of what was observed. Taking an observation once more, or later than others, therefore changes nothing.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.medallion.tables import CLICK_KEY, CLICKS, SESSIONS


def observed_clicks(events: DataFrame) -> DataFrame:
    """One row a product that an event names, as a click of one observation."""
    return events.select("session_id", "event_id", "event_time", F.explode("browse_history").alias("item")).select(
        "session_id",
        F.col("item.product_code").alias("product_id"),
        F.col("event_time").alias("first_viewed_at"),
        F.col("event_time").alias("last_viewed_at"),
        F.col("event_id").alias("last_event_id"),
        F.col("item.quantity").alias("quantity"),
        F.coalesce("item.in_shopping_cart", F.lit(False)).alias("in_shopping_cart"),
        F.coalesce("item.in_shopping_cart", F.lit(False)).alias("was_in_cart"),
    )


def clicks(observations: DataFrame) -> DataFrame:
    """One row per (session_id, product_id). `observations`: new ones and rows of the table itself alike."""
    return (
        observations.groupBy(*CLICK_KEY)
        .agg(
            F.min("first_viewed_at").alias("first_viewed_at"),
            F.max(_latest()).alias("latest"),
            F.bool_or("was_in_cart").alias("was_in_cart"),
        )
        .select("*", "latest.*")
        .select(*CLICKS.fieldNames())
    )


def observed_sessions(events: DataFrame) -> DataFrame:
    """One row an event, as a session of one event."""
    return events.select(
        "session_id",
        F.col("customer_number").cast("string").alias("customer_id"),
        F.col("event_time").alias("started_at"),
        F.col("event_time").alias("ended_at"),
    )


def sessions(observations: DataFrame) -> DataFrame:
    """One row per session_id. The shop begins a new session at sign-in, so that one has one customer at most."""
    return (
        observations.groupBy("session_id")
        .agg(
            F.max("customer_id").alias("customer_id"),
            F.min("started_at").alias("started_at"),
            F.max("ended_at").alias("ended_at"),
        )
        .select(*SESSIONS.fieldNames())
    )


def _latest() -> Column:
    """Compared field by field: the time first, then the event's name; the same event may name a product twice."""
    return F.struct("last_viewed_at", "last_event_id", "quantity", "in_shopping_cart")
