"""retail-transaction-transformer: raw transactions become Parquet, and can be looked up, as soon as they land.

Takes what S3 says of new objects, by EventBridge, as a notification or through SQS, as many as an event has. A file
that fails fails the call, after the others are done: Lambda repeats it, then keeps the event in the queue of failed
ones.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3

from batch_etl.sources.feed.catalogue import Shop, products_of
from batch_etl.sources.feed.intake import Intake
from batch_etl.sources.feed.landing import Landing
from batch_etl.sources.feed.latest import Latest
from batch_etl.sources.feed.objects import objects_of
from batch_etl.sources.feed.quarantine import Quarantine
from batch_etl.sources.feed.settings import TransformerSettings
from batch_etl.sources.feed.table import TransactionsTable


@cache
def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


def handler(event: dict[str, Any], _: Any) -> dict[str, int]:
    """Entry point. Raises a FeedError, or what a service answered."""
    settings = TransformerSettings.from_environment(os.environ)
    bucket, s3 = settings.catalogue.landing_bucket, client("s3")
    intake = Intake(
        Landing(s3, bucket),
        Shop(s3, bucket, lambda: products_of(settings.catalogue.url)),
        Latest(client("dynamodb"), settings.latest_table, settings.keep_days),
        TransactionsTable(client("glue"), s3, settings.table),
        Quarantine(s3, settings.table.lake_bucket),
    )
    return intake.take_all(objects_of(event, bucket))
