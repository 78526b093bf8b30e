"""The whole star schema out of clean source tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import DataFrame

from batch_etl.transforms.daily_sales import daily_sales
from batch_etl.transforms.dim_customers import dim_customers
from batch_etl.transforms.dim_dates import dim_dates
from batch_etl.transforms.dim_locations import dim_locations
from batch_etl.transforms.dim_products import dim_products
from batch_etl.transforms.fact_orders import fact_orders
from batch_etl.transforms.product_performance import product_performance

Tables = Mapping[str, DataFrame]


def star_schema(source: Tables) -> dict[str, Callable[[Tables], DataFrame]]:
    """Table name → how to make it from the star tables made before it, in the order in which to make them.

    `source` has customers, orders, orderdetails, products and productlines without rows that belong in quarantine.
    Marts read the facts and dimensions as they were written, not the source again.
    """
    return {
        "dim_customers": lambda _: dim_customers(source["customers"]),
        "dim_products": lambda _: dim_products(source["products"], source["productlines"]),
        "dim_locations": lambda _: dim_locations(source["customers"]),
        "dim_dates": lambda _: dim_dates(source["orders"]),
        "fact_orders": lambda _: fact_orders(
            source["orderdetails"], source["orders"], source["products"], source["customers"]
        ),
        "daily_sales": lambda star: daily_sales(star["fact_orders"], star["dim_products"], star["dim_locations"]),
        "product_performance": lambda star: product_performance(star["dim_products"], star["fact_orders"]),
    }
