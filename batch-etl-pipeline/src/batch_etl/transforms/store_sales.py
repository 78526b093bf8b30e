"""store_daily_sales and store_product_performance: sales of every store by day and by product.

Sales leave out cancelled transactions, which are shown apart.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.medallion.tables import STORE_DAILY_SALES, STORE_PRODUCT_PERFORMANCE
from batch_etl.transforms.measures import is_cancelled

_MONEY = "decimal(21,2)"


def store_daily_sales(items: DataFrame) -> DataFrame:
    """One row per (date, store_id) with a transaction, cancelled or not; the date is the transaction's in UTC."""
    by_transaction = (
        items.withColumn("date", F.to_date("ts"))
        .groupBy("date", "store_id", "transaction_id", is_cancelled().alias("is_cancelled"))
        .agg(F.sum("amount").alias("amount"), F.sum("quantity").alias("quantity"))
    )
    return (
        by_transaction.groupBy("date", "store_id")
        .agg(
            _money(_kept("amount")).alias("total_sales"),
            F.count(_kept("transaction_id")).alias("total_transactions"),
            _total(_kept("quantity")).alias("total_units"),
            _money(_cancelled("amount")).alias("cancelled_sales"),
            F.count(_cancelled("transaction_id")).alias("cancelled_transactions"),
        )
        .select(*STORE_DAILY_SALES.fieldNames())
    )


def store_product_performance(items: DataFrame) -> DataFrame:
    """One row per (store_id, product_id) that was in a transaction."""
    by_transaction = (
        items.withColumn("date", F.to_date("ts"))
        .groupBy("store_id", "product_id", "transaction_id", "date", is_cancelled().alias("is_cancelled"))
        .agg(F.sum("amount").alias("amount"), F.sum("quantity").alias("quantity"))
    )
    return (
        by_transaction.groupBy("store_id", "product_id")
        .agg(
            _money(_kept("amount")).alias("total_sales"),
            F.count(_kept("transaction_id")).alias("total_transactions"),
            _total(_kept("quantity")).alias("total_units"),
            _money(_cancelled("amount")).alias("cancelled_sales"),
            _total(_cancelled("quantity")).alias("cancelled_units"),
            F.min(_kept("date")).alias("first_sold_on"),
            F.max(_kept("date")).alias("last_sold_on"),
        )
        .select(*STORE_PRODUCT_PERFORMANCE.fieldNames())
    )


def _kept(column: str) -> Column:
    return F.when(~F.col("is_cancelled"), F.col(column))


def _cancelled(column: str) -> Column:
    return F.when(F.col("is_cancelled"), F.col(column))


def _money(amount: Column) -> Column:
    return F.coalesce(F.sum(amount), F.lit(0)).cast(_MONEY)


def _total(number: Column) -> Column:
    return F.coalesce(F.sum(number), F.lit(0)).cast("bigint")
