"""Where Firehose writes: the examples of "Understand custom prefixes for Amazon S3 objects"."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from local_aws.services.firehose_prefix import error_key, evaluate, java_time, object_key, problem

MOMENT = datetime(2018, 8, 27, 10, 30, 5, 123456, UTC)


def config(**changes: object) -> dict[str, object]:
    return {"CompressionFormat": "UNCOMPRESSED"} | changes


@pytest.mark.parametrize(
    ("prefix", "errors", "folder", "error_folder"),
    [
        (None, None, "2018/08/27/10/", "processing-failed/2018/08/27/10/"),
        (
            None,
            "myFirehoseFailures/!{firehose:error-output-type}/",
            "2018/08/27/10/",
            "myFirehoseFailures/processing-failed/",
        ),
        (
            "myFirehose/DeliveryYear=!{timestamp:yyyy}/DeliveryMonth=!{timestamp:MM}/",
            "myFirehoseFailures/!{firehose:error-output-type}/!{timestamp:yyyy}/anyMonth/!{timestamp:dd}/",
            "myFirehose/DeliveryYear=2018/DeliveryMonth=08/",
            "myFirehoseFailures/processing-failed/2018/anyMonth/27/",
        ),
        ("plain/", None, "plain/2018/08/27/10/", "plain/processing-failed/2018/08/27/10/"),
    ],
)
def test_prefixes_become_folders(prefix: str | None, errors: str | None, folder: str, error_folder: str) -> None:
    given = config(Prefix=prefix, ErrorOutputPrefix=errors)
    name = r"s-3-2018-08-27-10-30-05-[0-9a-f-]{36}"
    assert re.fullmatch(re.escape(folder) + name, object_key("s", "3", given, MOMENT.timestamp()))
    key = error_key("s", "3", given, MOMENT.timestamp(), "processing-failed")
    assert re.fullmatch(re.escape(error_folder) + name, key)


def test_times_and_suffix_are_of_the_streams_zone() -> None:
    key = object_key(
        "s", "1", config(Prefix="!{timestamp:yyyy-MM-dd'T'HH}/", CustomTimeZone="Asia/Tokyo"), MOMENT.timestamp()
    )
    assert key.startswith("2018-08-27T19/s-1-2018-08-27-19-30-05-")


@pytest.mark.parametrize(
    ("changes", "extension"),
    [
        ({"CompressionFormat": "GZIP"}, ".gz"),
        ({"DataFormatConversionConfiguration": {"Enabled": True}}, ".parquet"),
        ({"FileExtension": ".json"}, ".json"),
    ],
)
def test_the_extension_says_what_is_inside(changes: dict[str, object], extension: str) -> None:
    assert object_key("s", "1", config(**changes), 0).endswith(extension)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("yyyy/M/d", "2018/8/27"), ("yy", "18"), ("MMM EEE", "Aug Mon"), ("DDD", "239"), ("hh:mm:ss.SSS", "10:30:05.123"),
     ("'day='dd", "day=27"), ("''", "'")],
)  # fmt: skip
def test_letters_mean_what_they_mean_in_java(pattern: str, text: str) -> None:
    assert java_time(pattern, MOMENT) == text


def test_random_strings_differ() -> None:
    found = {evaluate("!{firehose:random-string}", MOMENT) for _ in range(20)}
    assert {len(text) for text in found} == {11}
    assert len(found) > 10


@pytest.mark.parametrize(
    ("prefix", "errors", "reason"),
    [
        ("!{timestamp:yyyy}/", "", "ErrorOutputPrefix is required"),
        ("!{firehose:error-output-type}/", "e/", "not valid"),
        ("", "e/!{timestamp:yyyy}/", "at least one instance"),
        ("!{partitionKeyFromQuery:shop}/", "e/!{firehose:error-output-type}/", "dynamically"),
    ],
)
def test_prefixes_that_firehose_refuses(prefix: str, errors: str, reason: str) -> None:
    assert reason in (problem(prefix, errors) or "")


def test_prefixes_that_it_takes() -> None:
    assert problem("a/!{timestamp:yyyy}/!{firehose:random-string}/", "e/!{firehose:error-output-type}/") is None
