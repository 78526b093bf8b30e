"""Delivery streams as Firehose describes them, and what it refuses. Pure. Source: API_CreateDeliveryStream."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from local_aws.services.firehose_prefix import problem, zone_of
from local_aws.services.firehose_transform import Transformation
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsError, Params

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_DEFAULTS: Params = {
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "CloudWatchLoggingOptions": {"Enabled": False},
    "ProcessingConfiguration": {"Enabled": False, "Processors": []},
    "S3BackupMode": "Disabled",
    "DataFormatConversionConfiguration": {"Enabled": False},
    "CustomTimeZone": "UTC",
}
_BACKUP_DEFAULTS = {
    name: _DEFAULTS[name]
    for name in ("BufferingHints", "CompressionFormat", "EncryptionConfiguration", "CloudWatchLoggingOptions")
}
_PROCESSORS = ("Lambda", "AppendDelimiterToRecord")
DESTINATION_ID = "destinationId-000000000001"
CONVERSION_MB = 64  # what a buffer must hold at least when it becomes a Parquet file


def stream_arn(name: str) -> str:
    return f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}"


def not_found(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Firehose {name} under account {ACCOUNT} not found.")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidArgumentException", message)


def new_stream(params: Params, now: datetime) -> Params:
    """A description in status CREATING."""
    name = params["DeliveryStreamName"]
    if not _NAME.fullmatch(name):
        raise invalid(f"{name} is no name of a delivery stream: up to 64 letters, digits, dots, hyphens, underscores.")
    others = [key for key in params if key.endswith("DestinationConfiguration") and "S3Destination" not in key]
    given = params.get("ExtendedS3DestinationConfiguration") or params.get("S3DestinationConfiguration")
    if others or not given:
        raise invalid(f"Local AWS delivers to S3 alone, not to {', '.join(others) or 'nothing'}.")
    config = completed(given)
    kind = params.get("DeliveryStreamType") or "DirectPut"
    if kind not in ("DirectPut", "KinesisStreamAsSource"):
        raise invalid(f"Local AWS has no delivery stream source of the kind {kind}.")
    stream = {
        "DeliveryStreamName": name,
        "DeliveryStreamARN": stream_arn(name),
        "DeliveryStreamStatus": "CREATING",
        "DeliveryStreamEncryptionConfiguration": _encryption(params.get("DeliveryStreamEncryptionConfigurationInput")),
        "DeliveryStreamType": kind,
        "VersionId": "1",
        "CreateTimestamp": now,
        "Destination": config,
        "Tags": params.get("Tags") or [],
    }
    return stream | ({"Source": _source(params, now)} if kind == "KinesisStreamAsSource" else {})


def _source(params: Params, now: datetime) -> Params:
    source = params.get("KinesisStreamSourceConfiguration")
    if not source:
        raise invalid("KinesisStreamSourceConfiguration is required for KinesisStreamAsSource.")
    return {"KinesisStreamSourceDescription": source | {"DeliveryStartTimestamp": now}}


def _encryption(given: Params | None) -> Params:
    return {"Status": "ENABLED", **given} if given else {"Status": "DISABLED"}


def completed(given: Params) -> Params:
    """A destination with Firehose's defaults; raises for what Firehose refuses and what is not served here."""
    config = _DEFAULTS | {name: value for name, value in given.items() if value is not None}
    config["BufferingHints"] = _DEFAULTS["BufferingHints"] | config["BufferingHints"]
    for old in ("S3BackupConfiguration", "S3BackupUpdate"):
        if old in config:
            config["S3BackupDescription"] = _BACKUP_DEFAULTS | config.pop(old)
    if config["S3BackupMode"] == "Enabled" and "S3BackupDescription" not in config:
        raise invalid("S3BackupConfiguration is required when S3BackupMode is Enabled.")
    for part in (config, config.get("S3BackupDescription")):
        if part:
            _check_object(part)
    _check_processing(config)
    _check_conversion(config)
    return config


def _check_object(config: Params) -> None:
    if not str(config.get("BucketARN", "")).startswith("arn:aws:s3:::"):
        raise invalid("BucketARN must be the ARN of an S3 bucket.")
    hints = config["BufferingHints"]
    if not 1 <= hints.get("SizeInMBs", 5) <= 128 or not 0 <= hints.get("IntervalInSeconds", 300) <= 900:
        raise invalid("BufferingHints must be 1 to 128 MB and 0 to 900 seconds.")
    if reason := problem(config.get("Prefix") or "", config.get("ErrorOutputPrefix") or ""):
        raise invalid(reason)
    if config["CompressionFormat"] not in ("UNCOMPRESSED", "GZIP"):
        raise invalid(f"Local AWS writes UNCOMPRESSED or GZIP, not {config['CompressionFormat']}.")
    try:
        zone_of(config.get("CustomTimeZone"))
    except ValueError as error:
        raise invalid(str(error)) from None


def _check_processing(config: Params) -> None:
    processing = config["ProcessingConfiguration"]
    for processor in processing.get("Processors") or []:
        if processor["Type"] not in _PROCESSORS:
            raise invalid(f"Local AWS runs the processors {', '.join(_PROCESSORS)}, not {processor['Type']}.")
        names = {parameter["ParameterName"] for parameter in processor.get("Parameters") or []}
        if processor["Type"] == "Lambda" and "LambdaArn" not in names:
            raise invalid("The parameter LambdaArn is required for a processor of type Lambda.")
    how = Transformation.of(config)
    if how and not (0.2 * (1 << 20) <= how.buffer_bytes + 1 <= (3 << 20) + 1 and 0 <= how.interval_seconds <= 900):
        raise invalid("A Lambda processor buffers 0.2 to 3 MB and 0 to 900 seconds.")
    if (config.get("DynamicPartitioningConfiguration") or {}).get("Enabled"):
        raise invalid("Local AWS does not partition dynamically: use timestamp expressions and partition projection.")


def _check_conversion(config: Params) -> None:
    conversion = config["DataFormatConversionConfiguration"]
    if not conversion.get("Enabled", True):
        return
    if config["CompressionFormat"] != "UNCOMPRESSED":
        raise invalid("CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.")
    if config["BufferingHints"]["SizeInMBs"] < CONVERSION_MB:
        raise invalid(
            f"BufferingHints.SizeInMBs must be at least {CONVERSION_MB} when data format conversion is enabled."
        )
    parts = ("SchemaConfiguration", "InputFormatConfiguration", "OutputFormatConfiguration")
    if missing := [part for part in parts if not conversion.get(part)]:
        raise invalid(f"{', '.join(missing)} is required when data format conversion is enabled.")
    if "OrcSerDe" in conversion["OutputFormatConfiguration"]["Serializer"]:
        raise invalid("Local AWS writes Parquet, not ORC.")


def updated(stream: Params, params: Params, now: datetime) -> Params:
    """UpdateDestination: what is not given stays."""
    if params["CurrentDeliveryStreamVersionId"] != stream["VersionId"]:
        raise AwsError(
            "ConcurrentModificationException",
            f"Current version {stream['VersionId']} is not {params['CurrentDeliveryStreamVersionId']}.",
        )
    if params["DestinationId"] != DESTINATION_ID:
        raise invalid(f"Destination Id {params['DestinationId']} not found")
    given = params.get("ExtendedS3DestinationUpdate") or params.get("S3DestinationUpdate")
    if not given:
        raise invalid("Local AWS delivers to S3 alone: give ExtendedS3DestinationUpdate.")
    return stream | {
        "Destination": completed(stream["Destination"] | {k: v for k, v in given.items() if v is not None}),
        "VersionId": str(int(stream["VersionId"]) + 1),
        "LastUpdateTimestamp": now,
    }


_S3_FIELDS = ("RoleARN", "BucketARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat",
              "EncryptionConfiguration", "CloudWatchLoggingOptions")  # fmt: skip


def public(stream: Params) -> Params:
    """DeliveryStreamDescription."""
    config: dict[str, Any] = stream["Destination"]
    destination = {
        "DestinationId": DESTINATION_ID,
        "S3DestinationDescription": {name: config[name] for name in _S3_FIELDS if name in config},
        "ExtendedS3DestinationDescription": config,
    }
    shown = {name: value for name, value in stream.items() if name not in ("Destination", "From", "Tags")}
    return shown | {"Destinations": [destination], "HasMoreDestinations": False}
