"""The Parquet files hold what the generator yields."""

from __future__ import annotations

import pyarrow.parquet as pq
from source_database.generator import generate
from source_database.generator.columns import SCHEMAS
from source_database.parquet_writer import write_parquet
from source_database.schema import TABLES


def test_every_table_becomes_one_file_with_its_rows_and_types(tmp_path):
    rows = write_parquet(generate(500), tmp_path)
    assert set(rows) == set(TABLES)
    assert rows["orderdetails"] == 500
    for table, count in rows.items():
        written = pq.read_table(tmp_path / f"{table}.parquet")
        assert (written.num_rows, written.schema) == (count, SCHEMAS[table])
