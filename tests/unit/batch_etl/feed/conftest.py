from __future__ import annotations

import boto3
import pytest
from feed_world import FeedWorld


@pytest.fixture
def feed(mocked_aws: boto3.Session) -> FeedWorld:
    return FeedWorld(mocked_aws)
