"""Stored pages as a DataFrame of their transactions."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from batch_etl.medallion.tables import RECEIVED
from batch_etl.sources.api.fields import Fields
from batch_etl.sources.arrivals import Arrival, read_objects
from batch_etl.transforms.api_page import transactions_of

_ITEM = pa.struct([(name, pa.string()) for name in ("product_id", "quantity", "price")])
_TYPES = {"position": pa.int32(), "page_records": pa.int32(), "items": pa.list_(_ITEM)}
ARROW = pa.schema([(name, _TYPES.get(name, pa.string())) for name in RECEIVED.fieldNames()])


def decode_page(key: str, content: bytes, fields: Fields) -> pa.RecordBatch:
    """The page's transactions (`medallion.tables.RECEIVED`)."""
    rows = list(transactions_of(key, content, fields))
    return pa.RecordBatch.from_arrays(
        [pa.array([row.get(field.name) for row in rows], field.type) for field in ARROW], schema=ARROW
    )


def read_pages(spark: SparkSession, bucket: str, arrived: list[Arrival], fields: Fields) -> DataFrame:
    """Every transaction of the pages, and a row with its problem for a page that cannot be read."""

    def decode(key: str, content: bytes) -> Iterator[pa.RecordBatch]:
        yield decode_page(key, content, fields)

    return read_objects(spark, bucket, arrived, RECEIVED, decode)
