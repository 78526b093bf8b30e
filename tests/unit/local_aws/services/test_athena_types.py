"""Values and types as Athena writes them, from what Trino's JSON protocol brings."""

from typing import Any

import pytest
from local_aws.services.athena_types import column_info, csv_line, text_of


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "array(integer)", None),
        (True, "boolean", "true"),
        (1e7, "double", "1.0E7"),  # Java's threshold
        (9_999_999.0, "double", "9999999.0"),
        (0.001, "double", "0.001"),
        (0.0001, "double", "1.0E-4"),
        (-0.0, "double", "-0.0"),
        (0.1 + 0.2, "double", "0.30000000000000004"),
        (3.4028235e38, "real", "3.4028235E38"),
        ("NaN", "double", "NaN"),  # JSON has no such number: Trino sends text
        ("-Infinity", "real", "-Infinity"),
        ("2024-01-02 03:04:05", "timestamp(0)", "2024-01-02 03:04:05.000"),
        ("2024-01-02 03:04:05.123456", "timestamp(6)", "2024-01-02 03:04:05.123456"),
        ("2024-01-02 03:04:05.1 Europe/Paris", "timestamp(1) with time zone", "2024-01-02 03:04:05.100 Europe/Paris"),
        ("YWI=", "varbinary", "61 62"),
        ("9" * 38, "decimal(38,0)", "9" * 38),
        ([[1, None], []], "array(array(integer))", "[[1, null], []]"),
        ({"a": None}, "map(varchar, integer)", "{a=null}"),
        ({"true": [1.0]}, "map(boolean, array(double))", "{true=[1.0]}"),
        ([1, "x"], "row(integer, varchar(3))", "{field0=1, field1=x}"),
        ([1, [2]], 'row("a b" integer, c row(d bigint))', "{a b=1, c={d=2}}"),
        ([1, 2], 'row("a, (b" integer, "say ""c""" integer)', '{a, (b=1, say "c"=2}'),
        (["2 00:00:00.000"], "row(interval day to second)", "{field0=2 00:00:00.000}"),
        (["2024-01-02 03:04:05 UTC"], "row(timestamp(0) with time zone)", "{field0=2024-01-02 03:04:05.000 UTC}"),
    ],
)
def test_a_value_is_written_as_athena_writes_it(value: Any, kind: str, text: str | None) -> None:
    assert text_of(value, kind) == text


@pytest.mark.parametrize(
    ("signature", "kind", "precision", "scale", "case_sensitive"),
    [
        ("varchar", "varchar", 2147483647, 0, True),
        ("char(3)", "char", 3, 0, True),
        ("decimal(38,9)", "decimal", 38, 9, False),
        ("real", "float", 17, 0, False),
        ("timestamp(6)", "timestamp", 6, 0, False),
        ("timestamp(3) with time zone", "timestamp with time zone", 3, 0, False),
        ("row(a decimal(10,2))", "row", 0, 0, False),
        ("array(varchar(5))", "array", 0, 0, False),
    ],
)
def test_a_column_is_described_without_its_arguments(
    signature: str, kind: str, precision: int, scale: int, case_sensitive: bool
) -> None:
    found = column_info("c", signature)
    kept = (found["Type"], found["Precision"], found["Scale"], found["CaseSensitive"])
    assert kept == (kind, precision, scale, case_sensitive)


def test_null_is_nothing_and_empty_text_is_quotes() -> None:
    assert csv_line(["a", None, "", 'say "x",\n']) == '"a",,"","say ""x"",\n"\n'
