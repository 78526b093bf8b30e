"""The metadata service: version 1 is refused where version 2 is required."""

from __future__ import annotations

import json

import pytest
from local_aws.engines.instance_imds import Metadata

INSTANCE = {
    "instance_id": "i-1",
    "image_id": "ami-1",
    "instance_type": "t3.micro",
    "zone": "us-east-1a",
    "region": "us-east-1",
    "account": "000000000000",
    "role": "shop",
    "http_tokens": "required",
    "user_data": "",
}


@pytest.mark.parametrize(("tokens", "allowed"), [("required", False), ("optional", True)])
def test_a_request_without_a_token_is_version_1(tokens: str, allowed: bool) -> None:
    assert Metadata(INSTANCE | {"http_tokens": tokens}).allows(None) is allowed


def test_a_token_lives_as_long_as_asked() -> None:
    metadata = Metadata(INSTANCE)
    assert metadata.allows(metadata.new_token("60"))
    assert not metadata.allows("guessed")
    assert [metadata.new_token(ttl) for ttl in (None, "0", "21601", "x")] == [None] * 4


def test_credentials_are_the_roles() -> None:
    answer = Metadata(INSTANCE).answer
    assert answer("/latest/meta-data/iam/security-credentials/") == "shop"
    found = json.loads(answer("/latest/meta-data/iam/security-credentials/shop") or "")
    assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} <= found.keys()
    assert Metadata(INSTANCE | {"role": ""}).answer("/latest/meta-data/iam/security-credentials/") is None


def test_facts_of_the_instance() -> None:
    answer = Metadata(INSTANCE).answer
    assert answer("/latest/meta-data/placement/region") == "us-east-1"
    assert answer("/latest/meta-data/nothing") is None
