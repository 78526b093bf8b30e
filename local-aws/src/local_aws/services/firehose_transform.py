"""The transformation function's batch: what it is sent, and what becomes of each record by its answer.

Source: "Transform source data in Amazon Data Firehose", "Handle failure in data transformation".
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from local_aws.context import Context
from local_aws.services.firehose_buffer import Item
from local_aws.services.lambda_invocation import MAX_PAYLOAD_BYTES, Invocation, NotInvokedError, invoke
from local_aws.settings import REGION
from local_aws.wire import Params

_FUNCTION_ERROR = "The Lambda function was successfully invoked but it returned an error result."
_NOT_PARSED = (
    "There was an error parsing the returned records from the Lambda function. Ensure that the returned records follow "
    "the status model required by Amazon Data Firehose."
)
_MISSING = "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids."
_DUPLICATED = (
    "Multiple records were returned with the same record ID. Ensure that the Lambda function returns unique IDs."
)
_TOO_LARGE = "The returned records exceed the limit of 6 MB."


@dataclass(frozen=True)
class Transformation:
    """A Lambda processor's parameters with Firehose's defaults."""

    function_arn: str
    retries: int = 3
    buffer_bytes: int = 1 << 20
    interval_seconds: float = 60

    @classmethod
    def of(cls, config: Params) -> Transformation | None:
        """The Lambda processor of an enabled ProcessingConfiguration."""
        processing = config.get("ProcessingConfiguration") or {}
        for processor in processing.get("Processors") or [] if processing.get("Enabled") else []:
            if processor["Type"] == "Lambda":
                given = {p["ParameterName"]: p["ParameterValue"] for p in processor.get("Parameters") or []}
                return cls(
                    function_arn=given["LambdaArn"],
                    retries=int(given.get("NumberOfRetries", 3)),
                    buffer_bytes=int(float(given.get("BufferSizeInMBs", 1)) * (1 << 20)),
                    interval_seconds=float(given.get("BufferIntervalInSeconds", 60)),
                )
        return None


@dataclass(frozen=True)
class Failure:
    """Why records were not transformed."""

    code: str
    message: str
    attempts: int


class AnswerError(Exception):
    """The function's answer cannot be used."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Result:
    """`done`: transformed records; `failed`: those that go to the error prefix, each with its reason."""

    done: tuple[Item, ...]
    failed: tuple[tuple[Item, Failure], ...]
    dropped: int = 0


async def transform(ctx: Context, stream: Params, how: Transformation, items: Sequence[Item]) -> Result:
    """Invoke, again when that fails, and sort the records; when all attempts fail, all records have failed."""
    ids = {_record_id(item): item for item in items}
    event = json.dumps(_event(stream, ids))
    failure = Failure("Lambda.FunctionError", _FUNCTION_ERROR, 0)
    for attempt in range(1, how.retries + 2):
        try:
            answer = await invoke(ctx, how.function_arn, event)
            return sort_records(ids, _successful(answer), attempt)
        except NotInvokedError as error:
            failure = Failure(_invoke_code(error), str(error), attempt)
        except AnswerError as error:
            failure = Failure(error.code, error.message, attempt)
        if attempt <= how.retries:
            await asyncio.sleep(min(0.2 * 2**attempt, 5))
    return Result((), tuple((item, failure) for item in items))


def _successful(answer: Invocation) -> bytes:
    if answer.function_error:
        raise AnswerError("Lambda.FunctionError", _FUNCTION_ERROR)
    return answer.payload


def sort_records(ids: dict[str, Item], payload: bytes, attempt: int) -> Result:
    """Every record id once, each Ok with data, Dropped, or ProcessingFailed."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise AnswerError("Lambda.ReturnedSizeLimitExceeded", _TOO_LARGE)
    returned = _returned(payload)
    if len(returned) != len({entry["recordId"] for entry in returned}):
        raise AnswerError("Lambda.DuplicatedRecordId", _DUPLICATED)
    if {entry["recordId"] for entry in returned} != ids.keys():
        raise AnswerError("Lambda.MissingRecordId", _MISSING)
    done, failed, dropped = [], [], 0
    for entry in returned:
        item = ids[entry["recordId"]]
        if entry["result"] == "Ok":
            done.append(Item(_decoded(entry), item.arrived, item.info))
        elif entry["result"] == "Dropped":
            dropped += 1
        else:
            reason = Failure("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record", attempt)
            failed.append((item, reason))
    return Result(tuple(done), tuple(failed), dropped)


def _returned(payload: bytes) -> list[dict[str, Any]]:
    try:
        records = orjson.loads(payload)["records"]
        for entry in records:
            if entry["result"] not in ("Ok", "Dropped", "ProcessingFailed") or not isinstance(entry["recordId"], str):
                raise AnswerError("Lambda.JsonProcessingException", _NOT_PARSED)
    except (ValueError, KeyError, TypeError):
        raise AnswerError("Lambda.JsonProcessingException", _NOT_PARSED) from None
    return list(records)


def _decoded(entry: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(entry["data"], validate=True)
    except (ValueError, KeyError, TypeError):
        raise AnswerError("Lambda.JsonProcessingException", _NOT_PARSED) from None


def _record_id(item: Item) -> str:
    return f"{item.id:056d}"


def _event(stream: Params, ids: dict[str, Item]) -> dict[str, Any]:
    source = stream.get("Source", {}).get("KinesisStreamSourceDescription")
    records = []
    for record_id, item in ids.items():
        entry = {
            "recordId": record_id,
            "approximateArrivalTimestamp": int(item.arrived * 1000),
            "data": base64.b64encode(item.data).decode(),
        }
        records.append(entry | ({"kinesisRecordMetadata": item.info["kinesis"]} if "kinesis" in item.info else {}))
    event = {
        "invocationId": str(uuid4()),
        "deliveryStreamArn": stream["DeliveryStreamARN"],
        "region": REGION,
        "records": records,
    }
    return event | ({"sourceKinesisStreamArn": source["KinesisStreamARN"]} if source else {})


def _invoke_code(error: NotInvokedError) -> str:
    return {
        "ResourceNotFoundException": "Lambda.ResourceNotFound",
        "TooManyRequestsException": "Lambda.InvokeLimitExceeded",
    }.get(error.code, "Lambda.InvokeFailed")


def failure_line(item: Item, failure: Failure, function_arn: str) -> bytes:
    """One line of a processing-failed object."""
    document = {
        "attemptsMade": failure.attempts,
        "arrivalTimestamp": int(item.arrived * 1000),
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "attemptEndingTimestamp": int(time.time() * 1000),
        "rawData": base64.b64encode(item.data).decode(),
        "lambdaArn": function_arn if ":" in function_arn.rpartition(":function:")[2] else f"{function_arn}:$LATEST",
    }
    return json.dumps(document).encode() + b"\n"
