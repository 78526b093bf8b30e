"""ratings × products × customers: each interaction with what is known of its product and its customer."""

from __future__ import annotations

from pyspark.sql import DataFrame

from streaming_recs.transforms.schema import CUSTOMER_ATTRIBUTES, PRODUCT_ATTRIBUTES, RATINGS_ML_TRAINING


def ratings_ml_training(interactions: DataFrame, products: DataFrame, customers: DataFrame) -> DataFrame:
    """One row per interaction (interactionId).

    Inner joins: an interaction of a product or customer that the publication does not have teaches nothing that could
    be recommended. The job counts what falls out.
    """
    return (
        interactions.join(products.select("productCode", *PRODUCT_ATTRIBUTES.fieldNames()), "productCode")
        .join(customers.select("customerNumber", *CUSTOMER_ATTRIBUTES.fieldNames()), "customerNumber")
        .select(*RATINGS_ML_TRAINING.fieldNames())
    )
