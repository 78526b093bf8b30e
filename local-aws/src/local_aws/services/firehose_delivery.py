"""Writing objects: keys, compression, conversion, and what goes to the error prefix. Blocks."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_aws import upstream
from local_aws.context import Context
from local_aws.services.firehose_buffer import Item
from local_aws.services.firehose_convert import convert
from local_aws.services.firehose_prefix import error_key, object_key
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import Params

log = logging.getLogger("local_aws.firehose")

MALFORMED = "DataFormatConversion.MalformedData"


class DeliveryError(Exception):
    """Nothing was delivered; the items stay and are tried again. `code` is Firehose's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Writer:
    """Writes for one delivery stream, to one destination (its main one, or its backup)."""

    ctx: Context
    stream: Params
    config: Params

    def deliver(self, items: Sequence[Item]) -> list[Item]:
        """One object of all items; returns those that could not be converted, as lines for the error prefix."""
        conversion = self.config.get("DataFormatConversionConfiguration") or {"Enabled": False}
        oldest = min(item.arrived for item in items)
        if not conversion.get("Enabled", True):
            self._put(self._key(oldest), self._compressed(b"".join(item.data for item in items)))
            return []
        table = self._table(conversion["SchemaConfiguration"])
        converted = convert([item.data for item in items], table["StorageDescriptor"]["Columns"], conversion)
        if converted.parquet is not None:
            self._put(self._key(oldest), converted.parquet)
        failed = []
        for index, reason in converted.bad:
            line = conversion_failure(items[index], reason, conversion["SchemaConfiguration"])
            failed.append(Item(line, items[index].arrived, {"kind": "format-conversion-failed"}))
        if failed:
            self.report(MALFORMED, f"{len(failed)} records could not be converted: {converted.bad[0][1]}")
        return failed

    def deliver_errors(self, items: Sequence[Item]) -> None:
        """Failed records, one object for each kind of failure."""
        for kind in sorted({item.info["kind"] for item in items}):
            chosen = [item for item in items if item.info["kind"] == kind]
            oldest = min(item.arrived for item in chosen)
            name, version = self.stream["DeliveryStreamName"], self.stream["VersionId"]
            key = error_key(name, version, self.config, oldest, kind)
            self._put(key, b"".join(item.data for item in chosen))

    def _key(self, oldest: float) -> str:
        config = {"CustomTimeZone": self.stream["Destination"].get("CustomTimeZone")} | self.config
        return object_key(self.stream["DeliveryStreamName"], self.stream["VersionId"], config, oldest)

    def _compressed(self, body: bytes) -> bytes:
        return gzip.compress(body) if self.config["CompressionFormat"] == "GZIP" else body

    def _put(self, key: str, body: bytes) -> None:
        bucket = self.config["BucketARN"].rpartition(":")[2]
        try:
            self.ctx.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/octet-stream")
        except ClientError as error:
            code = "S3.NoSuchBucket" if error.response["Error"]["Code"] == "NoSuchBucket" else "S3.InternalError"
            raise DeliveryError(code, f"s3://{bucket}/{key} could not be written: {error}") from error

    def _table(self, schema: Params) -> dict[str, Any]:
        try:
            found = self.ctx.client("glue").get_table(DatabaseName=schema["DatabaseName"], Name=schema["TableName"])
        except ClientError as error:
            message = f"The table {schema['DatabaseName']}.{schema['TableName']} could not be read: {error}"
            raise DeliveryError("DataFormatConversion.EntityNotFoundException", message) from error
        return dict(found["Table"])

    def report(self, code: str, message: str) -> None:
        """An error line in the log stream that CloudWatchLoggingOptions name, as Firehose writes it."""
        log.warning("%s: %s %s", self.stream["DeliveryStreamName"], code, message)
        options = self.config.get("CloudWatchLoggingOptions") or {}
        if not options.get("Enabled"):
            return
        document = {
            "deliveryStreamARN": self.stream["DeliveryStreamARN"],
            "destination": self.config["BucketARN"],
            "deliveryStreamVersionId": int(self.stream["VersionId"]),
            "message": message,
            "errorCode": code,
        }
        event = {"timestamp": int(time.time() * 1000), "message": json.dumps(document)}
        try:
            self.ctx.client("logs").put_log_events(
                logGroupName=options["LogGroupName"], logStreamName=options["LogStreamName"], logEvents=[event]
            )
        except ClientError as error:
            log.warning("%s: its log stream takes no events: %s", self.stream["DeliveryStreamName"], error)

    def measure(self, items: Sequence[Item]) -> None:
        """The delivery metrics that alarms watch."""
        dimensions = {"DeliveryStreamName": self.stream["DeliveryStreamName"]}
        age = time.time() - min(item.arrived for item in items)
        upstream.record_metric("AWS/Firehose", "DeliveryToS3.Records", len(items), "Count", dimensions)
        upstream.record_metric("AWS/Firehose", "DeliveryToS3.Success", 1, "Count", dimensions)
        upstream.record_metric("AWS/Firehose", "DeliveryToS3.DataFreshness", age, "Seconds", dimensions)


def conversion_failure(item: Item, reason: str, schema: Params) -> bytes:
    """One line of a format-conversion-failed object."""
    document = {
        "attemptsMade": 1,
        "arrivalTimestamp": int(item.arrived * 1000),
        "lastErrorCode": MALFORMED,
        "lastErrorMessage": f"Data does not match the schema. {reason}",
        "attemptEndingTimestamp": int(time.time() * 1000),
        "rawData": base64.b64encode(item.data).decode(),
        "sequenceNumber": (item.info.get("kinesis") or {}).get("sequenceNumber"),
        "subSequenceNumber": None,
        "dataCatalogTable": {
            "catalogId": schema.get("CatalogId") or ACCOUNT,
            "databaseName": schema["DatabaseName"],
            "tableName": schema["TableName"],
            "region": schema.get("Region") or REGION,
            "versionId": schema.get("VersionId") or "LATEST",
            "catalogArn": f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog",
        },
    }
    return json.dumps(document).encode() + b"\n"
