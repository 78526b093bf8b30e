"""What customers did: one row per order line, and per rating of something never bought.

A customer's rating of a product decides the weight of every purchase of it; a purchase without a rating weighs as much
as one with four stars, the usual rating of things that are bought:

    weight = (stars - 1) / 3        1 star 0, 2 stars 1/3, 3 stars 2/3, 4 stars 1, 5 stars 4/3
    weight = 1                      not rated

A weight of 0 says that the customer knows the product and does not want it.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from streaming_recs.transforms.schema import INTERACTIONS

UNRATED_WEIGHT = 1.0
STARS = (1, 5)


def interactions(purchases: DataFrame, ratings: DataFrame | None) -> DataFrame:
    """`purchases` are rows of fact_orders; `ratings` the source's, None when it has none. Grain: interactionId."""
    bought = _bought(purchases)
    if ratings is None:
        return _weighted(bought.withColumn("productRating", F.lit(None).cast("int")))
    given = usable_ratings(ratings)
    stars = given.select("customerNumber", "productCode", "productRating")
    rated = bought.join(stars, ["customerNumber", "productCode"], "left")
    only_rated = given.join(bought, ["customerNumber", "productCode"], "left_anti").where("ratedAt IS NOT NULL")
    return _weighted(rated).unionByName(_weighted(_as_interaction(only_rated)))


def kept_purchases(fact_orders: DataFrame) -> DataFrame:
    """Cancelled orders are no purchases."""
    return fact_orders.where(~F.lower(F.trim(F.coalesce("status", F.lit("")))).eqNullSafe("cancelled"))


def usable_ratings(ratings: DataFrame) -> DataFrame:
    """The latest rating of each (customer, product) that has between one and five stars."""
    order = Window.partitionBy("customerNumber", "productCode").orderBy(
        F.col("ratedAt").desc_nulls_last(), F.col("productRating").desc()
    )
    return (
        ratings.where(F.col("productRating").between(*STARS))
        .withColumn("place", F.row_number().over(order))
        .where("place = 1")
        .drop("place")
    )


def _bought(purchases: DataFrame) -> DataFrame:
    return purchases.select(
        F.concat_ws(":", F.lit("order"), "orderNumber", "orderLineNumber").alias("interactionId"),
        "customerNumber",
        "productCode",
        F.col("orderDate").cast("timestamp").alias("interactedAt"),
        F.col("quantityOrdered").alias("quantity"),
        F.lit("purchase").alias("source"),
    )


def _as_interaction(ratings: DataFrame) -> DataFrame:
    return ratings.select(
        F.concat_ws(":", F.lit("rating"), "customerNumber", "productCode").alias("interactionId"),
        "customerNumber",
        "productCode",
        F.col("ratedAt").alias("interactedAt"),
        F.lit(None).cast("int").alias("quantity"),
        "productRating",
        F.lit("rating").alias("source"),
    )


def _weighted(rows: DataFrame) -> DataFrame:
    return rows.withColumn("weight", _weight()).select(*INTERACTIONS.fieldNames())


def _weight() -> Column:
    return F.coalesce((F.col("productRating") - 1) / F.lit(3.0), F.lit(UNRATED_WEIGHT))
