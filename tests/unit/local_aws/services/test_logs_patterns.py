"""Filter patterns of CloudWatch Logs, beyond what the integration tests show."""

from __future__ import annotations

import pytest
from local_aws.services.logs_expressions import PatternError
from local_aws.services.logs_metric_filters import emit
from local_aws.services.logs_patterns import compiled


@pytest.mark.parametrize(
    ("pattern", "message", "fits"),
    [
        ("", "anything", True),
        ("error", "ERROR", False),
        ('"[ERROR] KeyError"', "[ERROR] KeyError: 'x'", True),
        ("ERROR ?WARN", "ERROR alone", True),
        ('{ $.a.b[1].c = "x" }', '{"a": {"b": [{}, {"c": "x"}]}}', True),
        ("{ $.a != 1 }", '{"a": 2}', True),
        ("{ $.a != 1 }", "{}", False),
        ("{ $.a = 1 }", '{"a": "1"}', True),
        ("{ $.a = b* && $.n <= 3 }", '{"a": "bc", "n": 3}', True),
        ("{ $.a = %^b.c$% }", '{"a": "bxc"}', True),
        ("{ $.a IS NULL }", '{"a": null}', True),
        ("{ $.a IS NULL }", "{}", False),
        ("{ ($.a = 1) || ($.a = 2) }", '{"a": 2}', True),
        ("{ $.level = ERROR }", "level ERROR", False),
        ("[host, ..., size]", "h only", True),
        ("[a, b]", "one two three", False),
        ('[ip, time, request = "GET*", ...]', '1.1.1.1 [27/Aug/2018 10:00] "GET /popular" 200', True),
    ],
)
def test_messages_fit_as_documented(pattern: str, message: str, fits: bool) -> None:
    assert (compiled(pattern)(message) is not None) is fits


@pytest.mark.parametrize(
    "pattern", ["{ $.a }", "{ $.a = 1", "{ a = 1 }", "{ ($.a = 1 }", "[a b]", "{ $.a < x }", "%(%"]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)


def test_a_value_that_is_no_number_emits_nothing() -> None:
    points: list[tuple[str, str, float, str, dict[str, str]]] = []
    transformation = {"metricNamespace": "N", "metricName": "M", "metricValue": "$.ms", "unit": "Milliseconds"}
    filters = [{"filterName": "f", "filterPattern": "{ $.ms = * }", "metricTransformations": [transformation]}]
    emit(filters, ['{"ms": "soon"}', '{"ms": 12}', '{"ms": true}'], lambda *point: points.append(point))
    assert points == [("N", "M", 12.0, "Milliseconds", {})]
