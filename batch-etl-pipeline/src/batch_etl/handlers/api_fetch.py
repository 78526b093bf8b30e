"""retail-api-fetch: a REST API's transactions, page by page, to the landing bucket.

Called with {} it goes on where the last call stopped; with {"full": true} it reads everything again. The answer says
how many pages and transactions were stored, and `more`: true when time was up first, and it is to be called again.
"""

from __future__ import annotations

import json
import os
import time
from functools import cache
from typing import Any

import boto3

from batch_etl.sources.api.client import Budget
from batch_etl.sources.api.fetch import AwsClients, fetch
from batch_etl.sources.api.settings import ApiSettings

SPARE_SECONDS = 5.0  # to store a page, and to answer


@cache
def aws_clients() -> AwsClients:
    return AwsClients(boto3.client("s3"), boto3.client("dynamodb"), boto3.client("secretsmanager"))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entry point. Raises an ApiError, which the function's alarm tells, or OptionError."""
    seconds = context.get_remaining_time_in_millis() / 1000 - SPARE_SECONDS
    settings = ApiSettings.from_environment(os.environ)
    budget = Budget(time.monotonic() + seconds)
    answer = fetch(settings, aws_clients(), budget, full=bool((event or {}).get("full"))).to_json()
    print(json.dumps(answer), flush=True)
    return answer
