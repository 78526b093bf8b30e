"""Spark's settings as Glue reads them."""

import pytest
from local_aws.engines.spark import parse_conf, write_configuration


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1 --conf b=x=y", {"a": "1", "b": "x=y"}),
        ("--conf a=1   --conf  b=2", {"a": "1", "b": "2"}),
        ("a=-Dx=1 -Dy=2 --conf b=2", {"a": "-Dx=1 -Dy=2", "b": "2"}),
    ],
)
def test_conf_is_one_argument_that_may_hold_several(value, expected):
    assert parse_conf(value) == expected


def test_a_value_keeps_its_spaces_and_backslashes(tmp_path):
    write_configuration(tmp_path, {"spark.jars": "/a b/c.jar", "spark.x": "a\\b"})
    assert (tmp_path / "spark-defaults.conf").read_text() == "spark.jars /a b/c.jar\nspark.x a\\\\b\n"
