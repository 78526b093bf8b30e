"""retail-file-validator: the first step of retail-file-ingestion.

{"run_id", "files": [{"key", "version"?}]} → {"accepted", "refused", "skipped"}.
"""

from __future__ import annotations

import os
from typing import Any

import boto3

from batch_etl.sources.store_files.ledger import Ledger
from batch_etl.sources.store_files.validation import Validator


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Entry point. Environment: LANDING_BUCKET, LAKE_BUCKET, LEDGER_TABLE, STATE_MACHINE_NAME."""
    validator = Validator(
        s3=boto3.client("s3"),
        ledger=Ledger(boto3.client("dynamodb"), os.environ["LEDGER_TABLE"]),
        landing_bucket=os.environ["LANDING_BUCKET"],
        lake_bucket=os.environ["LAKE_BUCKET"],
        machine=os.environ["STATE_MACHINE_NAME"],
    )
    return validator.validate(event["run_id"], event["files"])
