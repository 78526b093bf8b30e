"""The ledger of files: every object version that arrived, what became of it, and who works on it.

A row per version (objectKey, versionId). status:
RECEIVED → CLAIMED by a run → LOADED, or REFUSED (nothing of it can be read), or FAILED (the run did; replay it).
Each step is one conditional write, so events that come twice and runs that overlap change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from batch_etl.sources.store_files.arrivals import FileVersion

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BY_STATUS = "by-status"
_REFUSED = "ConditionalCheckFailedException"


class Status(StrEnum):
    RECEIVED = "RECEIVED"
    CLAIMED = "CLAIMED"
    LOADED = "LOADED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Ledger:
    dynamodb: DynamoDBClient
    table: str

    def register(self, file: FileVersion) -> bool:
        """Note an arrival; whether it still waits for a run (also when it was noted before)."""
        row = {
            "etag": file.etag, "size": file.size, "arrived": file.arrived, "status": Status.RECEIVED,
            "receivedAt": _now(),
        }  # fmt: skip
        if self._update(file, row, "attribute_not_exists(objectKey)", {}):
            return True
        return self.status(file) == Status.RECEIVED

    def claim(self, file: FileVersion, run_id: str) -> bool:
        """Take a waiting file for a run; true as well when the run has it already."""
        return self._update(
            file,
            {"status": Status.CLAIMED, "runId": run_id, "claimedAt": _now()},
            "#status = :received OR runId = :mine",
            {":received": Status.RECEIVED, ":mine": run_id},
        )

    def finish(self, file: FileVersion, run_id: str, status: Status, facts: Mapping[str, Any]) -> bool:
        """What became of it, while it is the run's; doing it twice changes nothing more.

        A reason of an earlier run, before it was replayed, does not stay.
        """
        row = {"status": status, "finishedAt": _now(), "reason": "", **facts}
        return self._update(file, row, "runId = :mine", {":mine": run_id})

    def release(self, file: FileVersion) -> bool:
        """Let it wait for a run again, unless it was loaded without a bad row: what `retail replay-files` does."""
        row = {"status": Status.RECEIVED, "receivedAt": _now()}
        condition = "attribute_exists(objectKey) AND (#status <> :loaded OR rowsBad > :none)"
        return self._update(file, row, condition, {":loaded": Status.LOADED, ":none": 0})

    def status(self, file: FileVersion) -> str | None:
        return (self.find(file) or {}).get("status")

    def find(self, file: FileVersion) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(TableName=self.table, Key=_key(file), ConsistentRead=True).get("Item")
        return _plain(found) if found else None

    def having(self, status: Status) -> Iterator[dict[str, Any]]:
        """All rows of a status, by the index, so those of the last moment may be missing."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=BY_STATUS,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}},
        )
        for page in pages:
            yield from map(_plain, page["Items"])

    def _update(self, file: FileVersion, row: Mapping[str, Any], condition: str, values: Mapping[str, Any]) -> bool:
        names = {f"#{name}": name for name in row}
        sets = ", ".join(f"#{name} = :set_{name}" for name in row)
        put = TypeSerializer().serialize
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(file),
                UpdateExpression=f"SET {sets}",
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={f":set_{name}": put(_value(value)) for name, value in row.items()}
                | {name: put(_value(value)) for name, value in values.items()},
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != _REFUSED:
                raise
            return False
        return True


def file_of(row: Mapping[str, Any]) -> FileVersion:
    """The file that a row of the ledger is about."""
    return FileVersion(
        arrived=row["arrived"], key=row["objectKey"], version=row["versionId"], size=int(row["size"]), etag=row["etag"]
    )


def _key(file: FileVersion) -> dict[str, Any]:
    return {"objectKey": {"S": file.key}, "versionId": {"S": file.version}}


def _value(value: Any) -> Any:
    return str(value) if isinstance(value, StrEnum) else value


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in item.items()}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
