"""The training table as a contract: names, order and types of its columns. Money is DECIMAL; timestamps are UTC."""

from __future__ import annotations

from pyspark.sql import types as t

INTERACTIONS = t.StructType(
    [
        t.StructField("interactionId", t.StringType()),
        t.StructField("customerNumber", t.IntegerType()),
        t.StructField("productCode", t.StringType()),
        t.StructField("interactedAt", t.TimestampType()),
        t.StructField("quantity", t.IntegerType()),
        t.StructField("productRating", t.IntegerType()),
        t.StructField("weight", t.DoubleType()),
        t.StructField("source", t.StringType()),
    ]
)

PRODUCT_ATTRIBUTES = t.StructType(
    [
        t.StructField("productLine", t.StringType()),
        t.StructField("productScale", t.StringType()),
        t.StructField("productVendor", t.StringType()),
        t.StructField("quantityInStock", t.IntegerType()),
        t.StructField("buyPrice", t.DecimalType(10, 2)),
        t.StructField("MSRP", t.DecimalType(10, 2)),
    ]
)

CUSTOMER_ATTRIBUTES = t.StructType(
    [
        t.StructField("city", t.StringType()),
        t.StructField("state", t.StringType()),
        t.StructField("country", t.StringType()),
        t.StructField("creditLimit", t.DecimalType(10, 2)),
    ]
)

RATINGS_ML_TRAINING = t.StructType([*INTERACTIONS, *PRODUCT_ATTRIBUTES, *CUSTOMER_ATTRIBUTES])
"""<project>_gold.ratings_ml_training, one row an interaction."""
