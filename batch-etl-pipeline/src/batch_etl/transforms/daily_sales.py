"""daily_sales: revenue by day, product line and country."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.schemas import DAILY_SALES
from batch_etl.transforms.measures import cancelled, cost, is_cancelled, kept, money, total
from batch_etl.transforms.orders_with import orders_with

_GRAIN = ("orderDate", "productLine", "country")


def daily_sales(facts: DataFrame, products: DataFrame, locations: DataFrame) -> DataFrame:
    """One row per (orderDate, productLine, country) with a line, cancelled or not.

    Orders, lines, quantity, revenue, cost and margin leave cancelled orders out; cancelledRevenue shows them. Orders
    are counted apart from the sums (`orders_with` says why).
    """
    lines = facts.join(F.broadcast(products.select("productCode", "productLine")), "productCode").join(
        F.broadcast(locations.select("locationKey", "country")), "locationKey"
    )
    orders = orders_with(lines.where(~is_cancelled()), "productLine", "orderDate", "country").groupBy(*_GRAIN).count()
    amount = F.col("orderAmount")
    sums = lines.groupBy(*_GRAIN).agg(
        F.count(kept(F.lit(1))).alias("orderLines"),
        total(kept(F.col("quantityOrdered"))).alias("quantity"),
        money(kept(amount)).alias("revenue"),
        money(kept(cost())).alias("cost"),
        money(cancelled(amount)).alias("cancelledRevenue"),
    )
    same_row = [sums[column].eqNullSafe(orders[column]) for column in _GRAIN]
    return (
        sums.join(orders, same_row, "left")
        .select(*(sums[column] for column in sums.columns), F.coalesce("count", F.lit(0)).alias("orders"))
        .withColumn("margin", (F.col("revenue") - F.col("cost")).cast("decimal(21,2)"))
        .select(*DAILY_SALES.fieldNames())
    )
