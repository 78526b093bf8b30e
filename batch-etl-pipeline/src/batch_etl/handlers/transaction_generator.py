"""retail-transaction-generator: what the shop sold in the last five minutes, as one raw file in the landing bucket.

Started by EventBridge every five minutes; by hand with {} or {"transactions": 500}. Repeating a call changes nothing.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

import boto3

from batch_etl.sources.feed.catalogue import Shop, products_of
from batch_etl.sources.feed.generation import generate
from batch_etl.sources.feed.landing import Landing
from batch_etl.sources.feed.settings import GeneratorSettings


@cache
def s3() -> Any:
    return boto3.client("s3")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entry point. Raises a FeedError, which the function's alarm tells, or OptionError."""
    settings = GeneratorSettings.from_environment(os.environ)
    bucket = settings.catalogue.landing_bucket
    shop = Shop(s3(), bucket, lambda: products_of(settings.catalogue.url))
    answer = generate(event or {}, context.aws_request_id, settings, shop, Landing(s3(), bucket))
    print(json.dumps(answer), flush=True)
    return answer
