"""product_performance: how each product sells."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.schemas import PRODUCT_PERFORMANCE
from batch_etl.transforms.measures import CANCELLED, cancelled, is_cancelled, kept, money, total, value

_COUNTS = ("orders", "customers", "quantity", "cancelledQuantity")
_AMOUNTS = ("revenue", "cost", "margin", "cancelledRevenue")
_PARTS = 32  # the maps of a part's pairs stay near the processor; in four parts the counts took a third longer


def product_performance(products: DataFrame, facts: DataFrame) -> DataFrame:
    """One row per product, also for those never ordered; cancelled orders count in the cancelled columns only."""
    sales = _sales(facts)
    return products.join(F.broadcast(sales), "productCode", "left").select(
        *(_or_zero(field.name, field.dataType.simpleString()) for field in PRODUCT_PERFORMANCE)
    )


def _sales(facts: DataFrame) -> DataFrame:
    figures = facts.groupBy("productCode", is_cancelled().alias(CANCELLED)).agg(
        F.sum("quantityOrdered").alias("quantity"),
        *value("priceEach", "amount"),
        *value("buyPrice", "cost"),
        F.min("orderDate").alias("firstDate"),
        F.max("orderDate").alias("lastDate"),
    )
    return (
        figures.groupBy("productCode")
        .agg(
            total(kept("quantity")).alias("quantity"),
            money(kept, "amount").alias("revenue"),
            money(kept, "cost").alias("cost"),
            total(cancelled("quantity")).alias("cancelledQuantity"),
            money(cancelled, "amount").alias("cancelledRevenue"),
            F.min(kept("firstDate")).alias("firstOrderDate"),
            F.max(kept("lastDate")).alias("lastOrderDate"),
        )
        .withColumn("margin", F.col("revenue") - F.col("cost"))
        .join(_buyers(facts), "productCode", "left")
    )


def _buyers(facts: DataFrame) -> DataFrame:
    """Distinct orders and customers of each product. An order has one customer, so its customers' orders add up."""
    # One shuffle serves both counts; left alone, Spark would move all lines by order first and again by customer.
    lines = facts.where(~is_cancelled()).repartition(_PARTS, "customerNumber")
    orders = lines.select("productCode", "customerNumber", "orderNumber").distinct()
    by_customer = orders.groupBy("productCode", "customerNumber").agg(F.count(F.lit(1)).alias("orders"))
    return by_customer.groupBy("productCode").agg(F.sum("orders").alias("orders"), F.count(F.lit(1)).alias("customers"))


def _or_zero(name: str, kind: str) -> Column:
    measured = name in _COUNTS or name in _AMOUNTS
    return (F.coalesce(name, F.lit(0)) if measured else F.col(name)).cast(kind).alias(name)
