"""dim_customers: who buys, as of now."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.schemas import DIM_CUSTOMERS
from batch_etl.transforms.location_key import location_key


def dim_customers(customers: DataFrame) -> DataFrame:
    """One row per customerNumber, also for customers who never ordered."""
    return (
        customers.withColumn("contactName", F.concat_ws(" ", "contactFirstName", "contactLastName"))
        .withColumn("locationKey", location_key())
        .select(*DIM_CUSTOMERS.fieldNames())
    )
