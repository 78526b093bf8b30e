"""FilterCriteria of a Kinesis mapping."""

from __future__ import annotations

from typing import Any

import pytest
from local_aws.services.lambda_mapping_filters import kinesis_passes, matches, patterns

EVENT = {"kind": "buy", "amount": 12, "place": {"city": "Nantes"}, "tags": ["new", "sale"], "note": None, "flag": True}


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({"kind": ["buy", "sell"]}, True),
        ({"kind": ["sell"]}, False),
        ({"kind": ["buy"], "amount": [13]}, False),
        ({"place": {"city": [{"prefix": "Nan"}]}}, True),
        ({"place": {"city": [{"suffix": "x"}]}}, False),
        ({"amount": [{"numeric": [">", 10, "<=", 12]}]}, True),
        ({"amount": [{"numeric": [">", 12]}]}, False),
        ({"flag": [{"numeric": [">", 0]}]}, False),
        ({"flag": [1]}, False),
        ({"tags": ["sale"]}, True),
        ({"note": [None]}, True),
        ({"missing": [None]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"kind": [{"exists": False}]}, False),
        ({"kind": [{"anything-but": ["sell"]}]}, True),
        ({"kind": [{"anything-but": {"prefix": "b"}}]}, False),
        ({"kind": [{"equals-ignore-case": "BUY"}]}, True),
        ({"$or": [{"kind": ["sell"]}, {"amount": [12]}]}, True),
    ],
)
def test_a_pattern_fits_what_its_rules_say(pattern: dict[str, Any], fits: bool) -> None:
    assert matches(pattern, EVENT) is fits


def test_any_filter_suffices_and_none_lets_all_through() -> None:
    filters = patterns({"Filters": [{"Pattern": '{"data": {"a": [1]}}'}, {"Pattern": '{"partitionKey": ["vip"]}'}]})
    assert kinesis_passes(filters, "k", b'{"a": 1}')
    assert kinesis_passes(filters, "vip", b"no JSON")
    assert not kinesis_passes(filters, "k", b"no JSON")
    assert kinesis_passes(patterns(None), "k", b"no JSON")


def test_plain_data_is_compared_as_text() -> None:
    assert kinesis_passes([{"data": ["hello"]}], "k", b"hello")
    assert not kinesis_passes([{"data": ["hello"]}], "k", b"\xff")


@pytest.mark.parametrize("text", ["no JSON", "[1]"])
def test_a_pattern_must_be_an_object(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        patterns({"Filters": [{"Pattern": text}]})
