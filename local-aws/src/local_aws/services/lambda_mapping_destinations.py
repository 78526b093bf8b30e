"""The on-failure destination of a mapping: metadata to SQS and SNS, the whole records too to S3.

Source: "Retain discarded batch records for a Kinesis Data Streams event source in Lambda".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from local_aws.context import Context
from local_aws.services.kinesis_streams import stream_name
from local_aws.services.lambda_mapping_batches import Outcome, Piece
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import Params


def invocation_record(
    mapping: Params, shard: str, piece: Piece, *, outcome: Outcome | None, condition: str
) -> dict[str, Any]:
    """The document that every kind of destination gets; `outcome` is of the last invocation, if there was one."""
    first, last = piece.records[0], piece.records[-1]
    response = {"statusCode": 200, "executedVersion": outcome.version, "functionError": outcome.function_error} \
        if outcome else None  # fmt: skip
    return {
        "requestContext": {
            "requestId": (outcome and outcome.request_id) or str(uuid4()),
            "functionArn": mapping["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": piece.invocations,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": _iso(datetime.now(UTC)),
        "KinesisBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _iso(datetime.fromtimestamp(first.arrived, UTC)),
            "approximateArrivalOfLastRecord": _iso(datetime.fromtimestamp(last.arrived, UTC)),
            "batchSize": len(piece.records),
            "streamArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream_name(mapping['EventSourceArn'])}",
        },
    }


def object_key(uuid: str, shard: str, now: datetime) -> str:
    """aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random>, in UTC."""
    return f"aws/lambda/{uuid}/{shard}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid4()}"


def send(ctx: Context, mapping: Params, shard: str, record: dict[str, Any], event: str) -> bool:
    """Blocks. False without a destination: then the records are gone, as on AWS."""
    destination = (mapping["DestinationConfig"].get("OnFailure") or {}).get("Destination")
    if not destination:
        return False
    service, name = destination.split(":")[2], destination.rpartition(":")[2]
    if service == "s3":
        body = json.dumps(record | {"payload": event})
        key = object_key(mapping["UUID"], shard, datetime.now(UTC))
        ctx.client("s3").put_object(Bucket=name, Key=key, Body=body.encode(), ContentType="application/json")
    elif service == "sqs":
        sqs = ctx.client("sqs")
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=json.dumps(record))
    else:
        ctx.client("sns").publish(TopicArn=destination, Message=json.dumps(record))
    return True


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
