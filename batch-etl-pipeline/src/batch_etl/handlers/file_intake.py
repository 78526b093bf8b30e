"""retail-file-intake: events of the landing bucket, in batches, become executions of retail-file-ingestion.

A message that is no such event fails alone and ends in the dead-letter queue; whatever else goes wrong brings the
whole batch again, which changes nothing that was done.
"""

from __future__ import annotations

import os
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from batch_etl.sources.store_files.arrivals import arrival_of
from batch_etl.sources.store_files.intake import Intake
from batch_etl.sources.store_files.ledger import Ledger


def parse(record: SQSRecord) -> dict[str, str]:
    """Raises NotAnArrival."""
    return arrival_of(record.body)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entry point: a batch of SQS messages → the ids of those that failed.

    Environment: LANDING_BUCKET, LEDGER_TABLE, STATE_MACHINE_ARN.
    """
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    with processor(event["Records"], parse, context):
        outcomes = processor.process()
    intake = Intake(
        s3=boto3.client("s3"),
        states=boto3.client("stepfunctions"),
        ledger=Ledger(boto3.client("dynamodb"), os.environ["LEDGER_TABLE"]),
        landing_bucket=os.environ["LANDING_BUCKET"],
        machine_arn=os.environ["STATE_MACHINE_ARN"],
    )
    intake.take([result for status, result, _ in outcomes if status == "success"])
    return dict(processor.response())
