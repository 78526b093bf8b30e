"""Where an answer stands: its object on S3."""

import pytest
from local_aws.services.athena_results import split


@pytest.mark.parametrize(
    ("location", "bucket", "key"),
    [
        ("s3://results/a/b.csv", "results", "a/b.csv"),
        ("s3://results", "results", ""),
        ("s3://results/run#1/what?.csv", "results", "run#1/what?.csv"),  # a key is not an address of the web
        ("s3://results/dt=10%3A30/é x", "results", "dt=10%3A30/é x"),
    ],
)
def test_a_key_is_everything_after_the_bucket(location: str, bucket: str, key: str) -> None:
    assert split(location) == (bucket, key)
