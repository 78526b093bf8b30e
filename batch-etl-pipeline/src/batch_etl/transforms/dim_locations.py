"""dim_locations: where customers are."""

from __future__ import annotations

from pyspark.sql import DataFrame

from batch_etl.schemas import DIM_LOCATIONS
from batch_etl.transforms.location_key import LOCATION, location_key


def dim_locations(customers: DataFrame) -> DataFrame:
    """One row per distinct (postalCode, city, state, country) of the customers."""
    return (
        customers.select(*LOCATION)
        .distinct()
        .withColumn("locationKey", location_key())
        .select(*DIM_LOCATIONS.fieldNames())
    )
