"""The walk in DynamoDB: one row per source, written by condition, so that of two fetches at once only one goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from batch_etl.sources.api.walk import Kind, Walk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class WalkOvertaken(Exception):  # noqa: N818 - says what happened; never leaves the package
    """Another fetch has moved the cursor meanwhile; it goes on where we stop."""


@dataclass(frozen=True)
class CursorStore:
    dynamodb: DynamoDBClient
    table: str
    source: str

    def load(self) -> Walk | None:
        found = self.dynamodb.get_item(
            TableName=self.table, Key={"source": {"S": self.source}}, ConsistentRead=True
        ).get("Item")
        if not found:
            return None
        read: dict[str, Any] = {name: TypeDeserializer().deserialize(value) for name, value in found.items()}
        del read["source"]
        whole = {name: int(read[name]) for name in ("number", "version")}
        return Walk(**(read | whole | {"kind": Kind(read["kind"])}))

    def save(self, walk: Walk) -> Walk:
        """Write it over the version that it was made from. Raises WalkOvertaken."""
        following = replace(walk, version=walk.version + 1)
        item = {"source": self.source} | asdict(following) | {"kind": str(following.kind)}
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={name: TypeSerializer().serialize(value) for name, value in item.items()},
                ConditionExpression="attribute_not_exists(#version) OR #version = :before",
                ExpressionAttributeNames={"#version": "version"},
                ExpressionAttributeValues={":before": {"N": str(walk.version)}},
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise WalkOvertaken from refusal
        return following
