"""Archived browse events as a DataFrame."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from batch_etl.medallion.tables import EVENTS
from batch_etl.sources.arrivals import Arrival, read_objects

FOLDER = "bronze/browse_events/"
_BROWSED = pa.struct([("product_code", pa.string()), ("quantity", pa.int64()), ("in_shopping_cart", pa.bool_())])
_UTC = pa.timestamp("us", tz="UTC")
_OF_EVENT = {
    "event_id": pa.string(),
    "session_id": pa.string(),
    "customer_number": pa.int64(),
    "event_time": _UTC,
    "browse_history": pa.list_(_BROWSED),
}
_OF_FILE = {"file": pa.string(), "position": pa.int32(), "file_records": pa.int32(), "problem": pa.string()}
ARROW = pa.schema([*_OF_FILE.items(), *_OF_EVENT.items()])


def read_events(spark: SparkSession, bucket: str, arrived: list[Arrival]) -> DataFrame:
    """Every event of the files, and a row with its problem for a file that cannot be read."""
    return read_objects(spark, bucket, arrived, EVENTS, decode_events)


def decode_events(key: str, content: bytes) -> Iterator[pa.RecordBatch]:
    """`medallion.tables.EVENTS` of one file. A column that it lacks is null."""
    try:
        file = pq.read_table(io.BytesIO(content))
        columns = {name: _column(file, name, kind) for name, kind in _OF_EVENT.items()}
    except (pa.ArrowException, OSError) as problem:
        row = {"file": key, "position": -1, "file_records": 1, "problem": f"the file cannot be read: {problem}"}
        yield pa.RecordBatch.from_pylist([row], schema=ARROW)
        return
    rows = file.num_rows
    of_file = {
        "file": pa.array([key] * rows, pa.string()),
        "position": pa.array(range(rows), pa.int32()),
        "file_records": pa.array([rows] * rows, pa.int32()),
        "problem": pa.nulls(rows, pa.string()),
    }
    yield from pa.table({**of_file, **columns}, schema=ARROW).to_batches()


def _column(file: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if name not in file.column_names:
        return pa.nulls(file.num_rows, kind)
    column = file.column(name)
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        # Firehose writes times without a zone, and means UTC.
        return column.cast(pa.timestamp("us"), safe=False).cast(kind)
    return column.cast(kind, safe=False)
