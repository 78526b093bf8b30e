"""Writes a generated source straight to Parquet, one file per table: the same rows as MySQL would get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_parquet(batches: Iterable[tuple[str, pa.RecordBatch]], folder: Path) -> dict[str, int]:
    """Write <folder>/<table>.parquet (Snappy, one row group per batch); returns rows by table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: Counter[str] = Counter()
    with ExitStack() as open_files:
        writers: dict[str, pq.ParquetWriter] = {}
        for table, batch in batches:
            if table not in writers:
                path = folder / f"{table}.parquet"
                writers[table] = open_files.enter_context(pq.ParquetWriter(path, batch.schema, compression="snappy"))
            writers[table].write_batch(batch)
            rows[table] += batch.num_rows
    return dict(rows)
