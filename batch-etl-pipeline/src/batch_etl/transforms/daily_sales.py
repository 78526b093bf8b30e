"""daily_sales: revenue by day, product line and country."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.schemas import DAILY_SALES
from batch_etl.transforms.measures import CANCELLED, cancelled, is_cancelled, kept, money, total, value

_GRAIN = ("orderDate", "productLine", "country")


def daily_sales(facts: DataFrame, products: DataFrame, locations: DataFrame) -> DataFrame:
    """One row per (orderDate, productLine, country) with a line, cancelled or not.

    Orders, lines, quantity, revenue, cost and margin leave cancelled orders out; cancelledRevenue shows them.
    """
    lines = facts.join(F.broadcast(products.select("productCode", "productLine")), "productCode").join(
        F.broadcast(locations.select("locationKey", "country")), "locationKey"
    )
    # An order's lines are summed first: then orders are counted without a set of them for each row.
    by_order = lines.groupBy("orderNumber", *_GRAIN, is_cancelled().alias(CANCELLED)).agg(
        F.lit(1).alias("orders"),
        F.count(F.lit(1)).alias("lines"),
        F.sum("quantityOrdered").alias("quantity"),
        *value("priceEach", "amount"),
        *value("buyPrice", "cost"),
    )
    return (
        by_order.groupBy(*_GRAIN)
        .agg(
            total(kept("orders")).alias("orders"),
            total(kept("lines")).alias("orderLines"),
            total(kept("quantity")).alias("quantity"),
            money(kept, "amount").alias("revenue"),
            money(kept, "cost").alias("cost"),
            money(cancelled, "amount").alias("cancelledRevenue"),
        )
        .withColumn("margin", (F.col("revenue") - F.col("cost")).cast("decimal(21,2)"))
        .select(*DAILY_SALES.fieldNames())
    )
