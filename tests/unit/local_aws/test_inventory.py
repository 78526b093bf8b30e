"""An account counts as empty only when every service could be asked and has nothing left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from local_aws.inventory import LISTINGS, Inventory, Listing, take_inventory
from local_aws.lifecycle import STATE_BUCKET
from moto import mock_aws

BY_MOTO = {"s3", "kms", "sns"}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("local_aws.inventory.LISTINGS", [listing for listing in LISTINGS if listing.service in BY_MOTO])
    make: Callable[..., Any] = boto3.client
    with mock_aws():
        yield lambda service: make(
            service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )


def test_a_fresh_account_with_its_defaults_is_empty(clients: Any) -> None:
    assert take_inventory(clients) == Inventory()


def test_every_thing_left_is_named(clients: Any) -> None:
    clients("s3").create_bucket(Bucket="forgotten")
    clients("sns").create_topic(Name="alerts")

    inventory = take_inventory(clients)

    assert inventory.left == [
        ("S3 bucket", "forgotten"),
        ("SNS topic", "arn:aws:sns:us-east-1:123456789012:alerts"),
    ]
    assert not inventory.is_empty


def test_keys_pending_deletion_and_the_state_bucket_do_not_count(clients: Any) -> None:
    key = clients("kms").create_key()["KeyMetadata"]["KeyId"]
    clients("s3").create_bucket(Bucket=STATE_BUCKET)
    assert take_inventory(clients).left == [("KMS key", key)]

    clients("kms").schedule_key_deletion(KeyId=key)

    assert take_inventory(clients).is_empty


def test_a_kind_that_cannot_be_listed_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def can_paginate(self, _: str) -> bool:
            return False

        def list_things(self) -> Any:
            raise ClientError({"Error": {"Code": "InternalFailure", "Message": "engine off"}}, "ListThings")

    listing = Listing("thing", "any", "list_things", "Things")
    monkeypatch.setattr("local_aws.inventory.LISTINGS", [listing])

    inventory = take_inventory(lambda service: Broken())

    assert not inventory.is_empty
    assert "thing could not be listed" in inventory.unknown[0]
