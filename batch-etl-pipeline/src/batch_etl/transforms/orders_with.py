"""Which orders have what among their lines: the base of every distinct count of orders."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812


def orders_with(lines: DataFrame, item: str, *of_order: str) -> DataFrame:
    """One row per order and value of `item` among its lines, null too: (*of_order, item).

    `of_order` are columns that all lines of an order share. The lines of an order make one short list: a distinct()
    over all lines, or a distinct count beside a sum, keeps every pair in a hash table and costs twice the time.
    """
    orders = lines.groupBy("orderNumber", *of_order).agg(F.collect_list(F.struct(item)).alias("items"))
    return orders.select(*of_order, F.inline(F.array_distinct("items")))
