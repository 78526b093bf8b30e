"""The function's environment and the names of an API's fields."""

from __future__ import annotations

import pytest
from batch_etl.errors import OptionError
from batch_etl.sources.api.fields import Fields, has, pick
from batch_etl.sources.api.settings import ApiSettings

LEAST = {"API_URL": "https://shop.example.com/t", "CURSOR_TABLE": "c", "LANDING_BUCKET": "in", "LAKE_BUCKET": "lake"}


def test_the_least_that_is_needed():
    settings = ApiSettings.from_environment(LEAST)
    assert (settings.endpoint.page_size, settings.endpoint.auth_scheme, settings.reread_hours) == (500, "Bearer", 24)
    assert settings.fields == Fields()


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"API_URL": ""}, "API_URL is missing"),
        ({"API_URL": "ftp://x"}, "ftp://x"),
        ({"API_PAGE_SIZE": "many"}, "many"),
        ({"API_FIELDS": '{"when": "at"}'}, "when: none of"),
        ({"API_FIELDS": "[1]"}, "JSON object of names"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(changed, names):
    with pytest.raises(OptionError, match=names):
        ApiSettings.from_environment(LEAST | changed)


def test_names_go_deeper_by_dots():
    answer = {"data": {"orders": [1], "next": None}}
    assert (pick(answer, "data.orders"), pick(answer, "data.orders.first"), pick(answer, "")) == ([1], None, None)
    assert (has(answer, "data.next"), has(answer, "data.previous"), has([], "next")) == (True, False, False)
