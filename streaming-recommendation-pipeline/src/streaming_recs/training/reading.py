"""A file of interactions becomes coded columns, or an error that names file, column, row and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from streaming_recs.training.interactions import Interactions

COLUMNS = ("user", "item", "ts", "qty")
_MICROSECONDS_A_DAY = 86_400e6


class InteractionsError(ValueError):
    """The file cannot be read as interactions."""


def read_interactions(path: Path) -> Interactions:
    """Reads Parquet or CSV with columns user, item, ts (a timestamp or a date, UTC) and qty (a number > 0).

    Users that are no whole numbers are numbered in their sorted order. Raises InteractionsError.
    """
    table = _table(path)
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise InteractionsError(
            f"{path}: column {', '.join(missing)} is missing (the file has {', '.join(table.column_names)}). "
            f"Rename its columns to {', '.join(COLUMNS)}."
        )
    if table.num_rows == 0:
        raise InteractionsError(f"{path}: there are no rows. Export at least some months of purchases.")
    columns = {name: table.column(name).combine_chunks() for name in COLUMNS}
    for name, column in columns.items():
        _refuse(path, name, pc.is_null(column, nan_is_null=True), "is empty", "Leave such rows out")
    return Interactions.of(
        _users(columns["user"]),
        np.asarray(pc.cast(columns["item"], pa.string()).to_numpy(zero_copy_only=False), dtype=np.str_),
        _days(path, columns["ts"]),
        _quantities(path, columns["qty"]),
    )


def _table(path: Path) -> Any:
    if not path.is_file():
        raise InteractionsError(f"{path}: there is no such file. Give the path of a Parquet or CSV file.")
    try:
        if path.suffix.lower() == ".csv":
            return pyarrow.csv.read_csv(path)
        names = pyarrow.parquet.ParquetFile(path).schema_arrow.names
        return pyarrow.parquet.read_table(path, columns=[name for name in names if name in COLUMNS] or None)
    except (pa.ArrowInvalid, OSError) as error:
        raise InteractionsError(
            f"{path}: this is no readable Parquet or CSV file ({error}). Export it again."
        ) from error


def _refuse(path: Path, column: str, wrong: Any, what: str, remedy: str) -> None:
    rows = np.flatnonzero(wrong.to_numpy(zero_copy_only=False))
    if len(rows):
        raise InteractionsError(
            f"{path}: column {column} {what} in row {rows[0] + 1} ({len(rows)} such rows). {remedy}."
        )


def _users(column: Any) -> NDArray[np.int64]:
    if pa.types.is_integer(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)
    labels = np.asarray(pc.cast(column, pa.string()).to_numpy(zero_copy_only=False), dtype=np.str_)
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _days(path: Path, column: Any) -> NDArray[np.float64]:
    remedy = "Write times as 2026-11-21T12:34:56Z, or as a timestamp column"
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        parsed = pa.array([_parsed(text) for text in column.to_pylist()], pa.timestamp("us"))
        _refuse(path, "ts", pc.is_null(parsed), "is no time", remedy)
        column = parsed
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        raise InteractionsError(f"{path}: column ts is of type {column.type}, not a time. {remedy}.")
    stamps = pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64())
    return np.asarray(stamps.to_numpy(zero_copy_only=False), dtype=np.float64) / _MICROSECONDS_A_DAY


def _parsed(text: str) -> np.datetime64 | None:
    try:
        return np.datetime64(text.strip().removesuffix("Z").replace(" ", "T"), "us")
    except ValueError:
        return None


def _quantities(path: Path, column: Any) -> NDArray[np.float64]:
    remedy = "Leave returns and cancelled lines out; quantities are numbers above zero"
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        raise InteractionsError(f"{path}: column qty is of type {column.type}, not a number. {remedy}.")
    numbers = pc.cast(column, pa.float64())
    _refuse(path, "qty", pc.invert(pc.greater(numbers, 0)), "is not above zero", remedy)
    _refuse(path, "qty", pc.invert(pc.is_finite(numbers)), "is infinite", remedy)
    return np.asarray(numbers.to_numpy(zero_copy_only=False))
