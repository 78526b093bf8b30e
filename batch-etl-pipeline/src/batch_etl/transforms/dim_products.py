"""dim_products: what is sold."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.schemas import DIM_PRODUCTS


def dim_products(products: DataFrame, productlines: DataFrame) -> DataFrame:
    """One row per productCode, also for products never ordered or whose product line has no description."""
    descriptions = productlines.select("productLine", F.col("textDescription").alias("productLineDescription"))
    return products.join(F.broadcast(descriptions), "productLine", "left").select(*DIM_PRODUCTS.fieldNames())
