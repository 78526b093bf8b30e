"""Values of Trino's protocol as the Redshift Data API gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from local_aws.services.redshift_results import PAGE, RedshiftResults, column_metadata, csv_text, field


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, "integer", {"isNull": True}),
        (True, "boolean", {"booleanValue": True}),
        (7, "bigint", {"longValue": 7}),
        (1.5, "double", {"doubleValue": 1.5}),
        ("1.50", "decimal(10,2)", {"stringValue": "1.50"}),
        ("2024-01-02", "date", {"stringValue": "2024-01-02"}),
        ("2024-01-02 03:04:05.000", "timestamp(3)", {"stringValue": "2024-01-02 03:04:05"}),
        ("2024-01-02 03:04:05.120", "timestamp(6)", {"stringValue": "2024-01-02 03:04:05.12"}),
        ("2024-01-02 03:04:05.000 UTC", "timestamp(3) with time zone", {"stringValue": "2024-01-02 03:04:05+00"}),
        ("a", "varchar(1)", {"stringValue": "a"}),
        ([1, None], "array(integer)", {"stringValue": "[1,null]"}),
    ],
)
def test_a_value_is_a_field_of_its_type(value: Any, kind: str, expected: dict[str, Any]) -> None:
    assert field(value, kind) == expected


@pytest.mark.parametrize(
    ("kind", "name", "precision", "scale"),
    [
        ("integer", "int4", 10, 0),
        ("bigint", "int8", 19, 0),
        ("decimal(38,2)", "numeric", 38, 2),
        ("varchar", "varchar", 65535, 0),
        ("varchar(9)", "varchar", 9, 0),
        ("timestamp(3)", "timestamp", 29, 6),
        ("map(varchar, bigint)", "super", 0, 0),
    ],
)
def test_a_column_has_redshifts_type(kind: str, name: str, precision: int, scale: int) -> None:
    about = column_metadata("c", kind)
    assert (about["typeName"], about["precision"], about["scale"]) == (name, precision, scale)


def test_an_answer_is_read_back_page_by_page(tmp_path: Path) -> None:
    results = RedshiftResults(tmp_path)
    rows = [[number, "YQ=="] for number in range(PAGE + 1)]
    assert results.write("one", [("n", "bigint"), ("b", "varbinary")], rows)[0] == PAGE + 1
    columns, first, token = results.page("one", None)
    _, second, end = results.page("one", token)
    assert [column["name"] for column in columns] == ["n", "b"]
    assert first[0] == [{"longValue": 0}, {"blobValue": b"a"}]
    assert [row[0]["longValue"] for row in first + second] == list(range(PAGE + 1))
    assert end is None
    results.forget("one")
    assert list(tmp_path.iterdir()) == []


def test_csv_tells_null_from_text() -> None:
    columns = [column_metadata("a", "varchar"), column_metadata("b", "boolean")]
    rows = [[{"stringValue": 'x, "y"'}, {"booleanValue": True}], [{"isNull": True}, {"booleanValue": False}]]
    assert csv_text(columns, rows, header=True) == 'a,b\r\n"x, ""y""",true\r\n,false\r\n'
