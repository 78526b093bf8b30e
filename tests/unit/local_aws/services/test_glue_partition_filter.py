"""Which partitions GetPartitions returns for an Expression."""

import pytest
from local_aws.services.glue_partition_filter import InvalidExpression, matches, parse

KEYS = [{"Name": "dt", "Type": "date"}, {"Name": "hour", "Type": "int"}, {"Name": "country", "Type": "string"}]
PARTITIONS = [
    ["2024-01-01", "9", "France"],
    ["2024-01-01", "10", "USA"],
    ["2024-02-01", "9", "__HIVE_DEFAULT_PARTITION__"],
]


def found(expression: str) -> list[int]:
    condition = parse(expression)
    return [number for number, values in enumerate(PARTITIONS) if matches(condition, KEYS, values)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("dt = '2024-01-01'", [0, 1]),
        ("dt >= '2024-01-02' AND hour = 9", [2]),
        ("hour > 9", [1]),  # numbers compare as numbers: "9" > "10" as text
        ("hour < '10'", [0, 2]),
        ("country IN ('USA', 'France')", [0, 1]),
        ("country NOT IN ('USA')", [0, 2]),
        ("dt BETWEEN '2024-01-15' AND '2024-02-15'", [2]),
        ("country LIKE 'U%' OR (country = 'France' AND hour <> 10)", [0, 1]),
        ("country IS NULL", [2]),
        ("'2024-01-01' = DT", [0, 1]),
    ],
)
def test_partitions_are_filtered_by_their_keys(expression: str, expected: list[int]) -> None:
    assert found(expression) == expected


@pytest.mark.parametrize("expression", ["price > 3", "upper(country) = 'USA'", "dt ="])
def test_what_glue_cannot_evaluate_is_refused(expression: str) -> None:
    with pytest.raises(InvalidExpression):
        found(expression)
