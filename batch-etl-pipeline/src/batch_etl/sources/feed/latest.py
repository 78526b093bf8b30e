"""retail-latest-transactions: each transaction once, and the totals of each day, in DynamoDB.

A transaction and its share of the day's totals are one DynamoDB transaction, made on the condition that the id is new.
So totals are those of the transactions in the table whatever comes twice, and the table says whose an id is: a row
that another file has brought already is not brought again.

Items: transaction#<id> (day and timestamp are the index by-day), total#<day>, source#<identity of a raw file>.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from batch_etl.errors import TotalsContended

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT_ONCE = 99  # and the total: DynamoDB takes a hundred items in a transaction
TRIES = 12
_TOTALS_DAYS = 400
_NEW = "attribute_not_exists(pk)"
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


@dataclass
class Claims:
    """What became of rows, by index: `ours` are to be brought; `repeated` were, by another file, word for word; the id
    of a `conflicting` one belongs to another transaction."""

    ours: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    conflicting: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Latest:
    dynamodb: DynamoDBClient
    table: str
    keep_days: int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep

    def outcome(self, source: str) -> dict[str, Any] | None:
        """What was made of a raw file, if all of it was."""
        found = self.dynamodb.get_item(TableName=self.table, Key=_key(f"source#{source}"), ConsistentRead=True).get(
            "Item"
        )
        return {name: int(value["N"]) for name, value in found["counts"]["M"].items()} if found else None

    def finish(self, source: str, place: str, counts: dict[str, int]) -> None:
        """Note that all of a raw file was brought."""
        item = {"pk": f"source#{source}", "place": place, "counts": counts, "expires_at": self._until(self.keep_days)}
        self.dynamodb.put_item(TableName=self.table, Item=_item(item))

    def claim(self, source: str, transactions: pa.Table) -> Claims:
        """Enter each row for `source`, and add it to its day's totals, if its id is new. Raises TotalsContended."""
        claims = Claims()
        rows = transactions.to_pylist()
        by_day: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            by_day.setdefault(f"{row['timestamp']:%Y-%m-%d}", []).append(index)
        for day, indices in sorted(by_day.items()):
            for chunk in _chunks(indices):
                self._claim(source, day, {index: rows[index] for index in chunk}, claims)
        claims.ours.sort()
        return claims

    def _claim(self, source: str, day: str, rows: dict[int, dict[str, Any]], claims: Claims) -> None:
        items = {index: self._item(source, day, row) for index, row in rows.items()}
        for attempt in range(TRIES):
            if not items:
                return
            try:
                self.dynamodb.transact_write_items(TransactItems=[*self._puts(items), self._add(day, rows, items)])
            except ClientError as refusal:
                reasons = _reasons(refusal)
                known = [
                    (i, reason["Item"]) for i, reason in zip(list(items), reasons, strict=False) if "Item" in reason
                ]
                for index, held in known:
                    _sort(claims, index, items.pop(index), held)
                if not known:  # others write this day's totals
                    self.sleep(min(2.0, 0.02 * 2**attempt) * random.uniform(0.5, 1.5))  # noqa: S311 - spreads them
                continue
            claims.ours += items
            return
        raise TotalsContended(
            f"The totals of {day} were written by others at each of {TRIES} tries. The event is repeated; give the "
            "transformer less concurrency when it happens often."
        )

    def _puts(self, items: dict[int, dict[str, Any]]) -> list[Any]:
        return [
            {
                "Put": {
                    "TableName": self.table, "Item": _item(item), "ConditionExpression": _NEW,
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for item in items.values()
        ]  # fmt: skip

    def _add(self, day: str, rows: dict[int, dict[str, Any]], items: dict[int, dict[str, Any]]) -> Any:
        sums = {
            ":transactions": len(items),
            ":quantity": sum(rows[index]["quantity"] for index in items),
            ":revenue": sum((rows[index]["total_amount"] for index in items), Decimal(0)),
        }
        return {
            "Update": {
                "TableName": self.table,
                "Key": _key(f"total#{day}"),
                "UpdateExpression": "ADD transactions :transactions, quantity :quantity, revenue :revenue "
                "SET expires_at = if_not_exists(expires_at, :until)",
                "ExpressionAttributeValues": _item(sums | {":until": self._until(_TOTALS_DAYS)}),
            }
        }

    def _item(self, source: str, day: str, row: dict[str, Any]) -> dict[str, Any]:
        moment = row["timestamp"].astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        shown = {
            name: row[name]
            for name in ("customer_id", "product_id", "product_name", "category", "quantity", "price", "total_amount")
        }
        told = {"transaction_id": row["transaction_id"], "day": day, "timestamp": moment} | shown
        digest = blake2b(repr(sorted((name, str(value)) for name, value in told.items())).encode(), digest_size=16)
        return told | {
            "pk": f"transaction#{row['transaction_id']}", "source": source, "digest": digest.hexdigest(),
            "expires_at": self._until(self.keep_days),
        }  # fmt: skip

    def _until(self, days: int) -> int:
        return int((self.now() + timedelta(days=days)).timestamp())

    def of_day(self, day: str, most: int) -> list[dict[str, Any]]:
        """The latest transactions of a day, the latest first."""
        found = self.dynamodb.query(
            TableName=self.table, IndexName="by-day", KeyConditionExpression="#day = :day", Limit=most,
            ExpressionAttributeNames={"#day": "day"}, ExpressionAttributeValues=_item({":day": day}),
            ScanIndexForward=False,
        )  # fmt: skip
        return [_plain(item) for item in found["Items"]]

    def total(self, day: str) -> dict[str, Any]:
        """transactions, quantity and revenue of a day, all of it, also what can no longer be looked up."""
        found = self.dynamodb.get_item(TableName=self.table, Key=_key(f"total#{day}"), ConsistentRead=True).get("Item")
        held = _plain(found) if found else {}
        return {name: held.get(name, Decimal(0)) for name in ("transactions", "quantity", "revenue")}


def _sort(claims: Claims, index: int, item: dict[str, Any], held: dict[str, Any]) -> None:
    if held["source"]["S"] == item["source"]:
        claims.ours.append(index)
    elif held["digest"]["S"] == item["digest"]:
        claims.repeated.append(index)
    else:
        claims.conflicting.append(index)


def _reasons(refusal: ClientError) -> list[dict[str, Any]]:
    """Why each item was refused; raises the refusal when it is another one."""
    if refusal.response["Error"]["Code"] == "TransactionCanceledException":
        reasons: list[dict[str, Any]] = refusal.response.get("CancellationReasons", [])  # type: ignore[assignment]
        if {reason.get("Code", "None") for reason in reasons} <= {
            "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError",
        }:  # fmt: skip
            return reasons
    if refusal.response["Error"]["Code"] == "TransactionInProgressException":
        return []
    raise refusal


def _chunks(indices: list[int]) -> Iterator[list[int]]:
    return (indices[start : start + AT_ONCE] for start in range(0, len(indices), AT_ONCE))


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def _item(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in values.items()}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}
