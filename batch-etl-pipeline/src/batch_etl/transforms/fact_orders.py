"""fact_orders: what was ordered, line by line."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.schemas import FACT_ORDERS
from batch_etl.transforms.location_key import location_key


def fact_orders(order_lines: DataFrame, orders: DataFrame, products: DataFrame, customers: DataFrame) -> DataFrame:
    """One row per order line (orderNumber, orderLineNumber).

    Every line must find its order, product and customer: inner joins are safe here only because
    `quality.order_lines` puts the lines without one into quarantine and the audit counts both against the source.
    """
    buyers = customers.select("customerNumber", "postalCode", location_key().alias("locationKey"))
    prices = products.select("productCode", "buyPrice", "MSRP")
    placed = orders.drop("updatedAt").join(F.broadcast(buyers), "customerNumber")
    return (
        order_lines.join(placed, "orderNumber")
        .join(F.broadcast(prices), "productCode")
        .withColumn("orderAmount", order_amount())
        .select(*FACT_ORDERS.fieldNames())
    )


def order_amount() -> Column:
    """quantityOrdered × priceEach in exact DECIMAL(21,2): the booked value, cancelled or not."""
    return (F.col("quantityOrdered").cast("decimal(10,0)") * F.col("priceEach")).cast("decimal(21,2)")
