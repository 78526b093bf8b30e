"""A file of interactions is read, or refused with file, column, row and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streaming_recs.training.reading import InteractionsError, read_interactions

GOOD: dict[str, Any] = {
    "user": [2, 1, 2],
    "item": ["B", "A", "A"],
    "ts": np.array(["2026-01-03", "2026-01-01", "2026-01-02T12"], dtype="datetime64[us]"),
    "qty": [1, 2, 3],
}


def written(folder: Path, **changed: Any) -> Path:
    columns = {name: values for name, values in (GOOD | changed).items() if values is not None}
    pq.write_table(pa.table(columns), folder / "purchases.parquet")
    return folder / "purchases.parquet"


def test_rows_come_in_the_order_of_time(tmp_path: Path) -> None:
    rows = read_interactions(written(tmp_path))

    assert rows.users[rows.user].tolist() == [1, 2, 2]
    assert rows.items[rows.item].tolist() == ["A", "A", "B"]
    assert rows.quantity.tolist() == [2, 3, 1]
    np.testing.assert_allclose(rows.day - rows.day[0], [0, 1.5, 2])


def test_csv_with_text_users_and_text_times_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "purchases.csv"
    path.write_text(
        "user,item,ts,qty\nbo,B,2026-01-03T00:00:00Z,1\nal,A,2026-01-01T00:00:00Z,2\nbo,A,2026-01-02T12:00:00Z,3\n"
    )
    parquet, csv = read_interactions(written(tmp_path)), read_interactions(path)

    np.testing.assert_array_equal(csv.user, parquet.user)
    np.testing.assert_array_equal(csv.day, parquet.day)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"qty": None}, r"column qty is missing \(the file has user, item, ts\).*Rename"),
        ({"qty": [1, -2, 0]}, r"column qty is not above zero in row 2 \(2 such rows\)"),
        ({"qty": ["1", "2", "3"]}, "column qty is of type string, not a number"),
        ({"qty": [1.0, float("inf"), 2.0]}, "column qty is infinite in row 2"),
        ({"item": ["A", None, "B"]}, r"column item is empty in row 2 \(1 such rows\)"),
        ({"user": [1.5, float("nan"), 2.0]}, "column user is empty in row 2"),
        ({"ts": ["2026-01-01", "soon", "2026-01-02"]}, "column ts is no time in row 2"),
        ({"ts": [1, 2, 3]}, "column ts is of type int64, not a time"),
        ({name: [] for name in GOOD} | {"ts": []}, "there are no rows"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    path = written(tmp_path, **changed)
    with pytest.raises(InteractionsError, match=message) as refused:
        read_interactions(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"not parquet")
    with pytest.raises(InteractionsError, match="no readable Parquet or CSV"):
        read_interactions(tmp_path / "x.parquet")
    with pytest.raises(InteractionsError, match="no such file"):
        read_interactions(tmp_path / "absent.parquet")
