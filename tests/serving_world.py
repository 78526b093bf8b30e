"""The serving functions called as AWS calls them."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from streaming_recs.adapters import loader
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.handlers import inference, profile_updater, recommendation_transform
from streaming_recs.model.version import ModelVersion
from vector_world import VectorDatabase, small_model

BUCKET = "retail-lake-000000000000-us-east-1"
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="1")


@dataclass(frozen=True)
class Serving:
    """A database, a lake bucket, and the functions between them."""

    database: VectorDatabase

    def publish(self, model: ModelVersion | None = None, **changes: Any) -> ModelVersion:
        """Train's last step: the model in the lake, its vectors loaded, the version live."""
        model = model or small_model(**changes)
        store = ModelStore(boto3.client("s3"), BUCKET)
        store.publish(model)
        with self.database.connect("retail_loader") as connection:
            loader.load(connection, model)
            previous = loader.switch(connection, model.version, "test")
        store.note_live(model.version, previous)
        return model

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        return self._call("GET", path, query, None)

    def post(self, path: str, body: Any, **query: Any) -> tuple[int, Any]:
        return self._call("POST", path, query, body if isinstance(body, str) else json.dumps(body))

    def _call(self, method: str, path: str, query: dict[str, Any], body: str | None) -> tuple[int, Any]:
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
            "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": method, "path": path, "sourceIp": "127.0.0.1"}, "stage": "$default"},
            "isBase64Encoded": False,
        }
        if query:
            event["queryStringParameters"] = {name: str(value) for name, value in query.items()}
        if body is not None:
            event["body"] = body
        answer = inference.handler(event, CONTEXT)
        return answer["statusCode"], json.loads(answer["body"])

    def transform(self, *records: bytes, invocation: str = "invocation") -> list[dict[str, Any]]:
        """What Firehose gets back: result, and the decoded data."""
        event = {
            "invocationId": invocation,
            "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/retail-recommendations",
            "region": "us-east-1",
            "records": [
                {"recordId": str(n), "approximateArrivalTimestamp": 1, "data": base64.b64encode(record).decode()}
                for n, record in enumerate(records)
            ],
        }
        answer = recommendation_transform.handler(event, CONTEXT)
        assert len(json.dumps(answer)) <= 6 * 1024 * 1024
        assert [record["recordId"] for record in answer["records"]] == [str(n) for n in range(len(records))]
        return [record | {"data": base64.b64decode(record["data"])} for record in answer["records"]]

    def remember(self, *records: bytes) -> list[str]:
        """Sequence numbers ("0", "1", …) that the profile updater reports as failed."""
        event = {
            "Records": [
                {
                    "eventSource": "aws:kinesis",
                    "eventID": f"shardId-0:{n}",
                    "eventName": "aws:kinesis:record",
                    "kinesis": {
                        "partitionKey": "1", "sequenceNumber": str(n), "kinesisSchemaVersion": "1.0",
                        "approximateArrivalTimestamp": 1.0, "data": base64.b64encode(record).decode(),
                    },
                }
                for n, record in enumerate(records)
            ]
        }  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DB_SECRET_ARN", "retail_profile_updater")
            answer = profile_updater.handler(event, CONTEXT)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def recent(self) -> list[Any]:
        """All that is remembered: shopper, product, weight, event."""
        return self.database.ask(
            "SELECT shopper, product, weight, event_id FROM recent_interactions ORDER BY shopper, product"
        )

    def objects(self, prefix: str) -> dict[str, bytes]:
        s3 = boto3.client("s3")
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]
        return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def browse(*codes: str, **changes: Any) -> dict[str, Any]:
    """A browse event of customer 999, whom no model knows."""
    return {
        "schema_version": 1,
        "event_id": uuid.uuid4().hex,
        "session_id": "session-1",
        "customer_number": 999,
        "city": "Nantes",
        "country": "France",
        "credit_limit": 21000.0,
        "event_time": "2026-11-21T12:00:00Z",
        "browse_history": [{"product_code": code, "quantity": 1, "in_shopping_cart": False} for code in codes],
    } | changes


def raw(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()
