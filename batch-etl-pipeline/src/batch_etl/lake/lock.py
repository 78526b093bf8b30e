"""A lock with an owner and an expiry in DynamoDB, taken by conditional writes.

One row per lock: lockName, owner, worker, acquiredAt, expiresAt (epoch seconds; also the table's TTL attribute). The
owner is a run; the worker is the one process that works for it at the moment, and a lock handed over between two job
runs of one run has none. The holder renews while it works; whoever finds it taken watches for a renewal, so that a
crashed holder's lock is waited out and taken over while a living holder's is refused within seconds. After "How the
Amazon DynamoDB lock client works" (AWS Database Blog, "Building Distributed Locks with the DynamoDB Lock Client").
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from batch_etl.errors import LockHeld, LockLost

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE_SECONDS = 60
BEATS_PER_LEASE = 5
HANDOVER_SECONDS = 900
"""How long the lock of a run stays taken between two stages that are job runs of their own."""

_OURS = "#owner = :me AND worker = :worker"
_REFUSED = "ConditionalCheckFailedException"


@dataclass
class Lock:
    """`name` in `table`, for `owner`, worked on by `worker`. `lease` seconds without a renewal free it."""

    dynamodb: DynamoDBClient
    table: str
    name: str
    owner: str
    lease: float = LEASE_SECONDS
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    worker: str = field(default_factory=lambda: uuid.uuid4().hex)

    def acquire(self) -> None:
        """Take it when it is free, expired, already ours or handed over to our run; wait out a holder gone silent.

        Raises LockHeld, naming the holder and since when, as soon as it is seen to be alive.
        """
        first_seen: _Holder | None = None
        while not self._take():
            holder = self._holder()
            if holder is None:
                continue
            first_seen = first_seen or holder
            handed_over = holder.expires_at - self.clock() > self.lease + 1
            if holder != first_seen or handed_over:
                raise LockHeld(self._refusal(holder))
            self.sleep(1)

    def _take(self) -> bool:
        now = self.clock()
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=self._key(),
                UpdateExpression="SET #owner = :me, worker = :worker, expiresAt = :until, acquiredAt = :now",
                ConditionExpression="attribute_not_exists(lockName) OR expiresAt < :now "
                "OR (#owner = :me AND (worker = :worker OR attribute_not_exists(worker)))",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={
                    **self._us(),
                    ":until": {"N": str(int(now + self.lease))},
                    ":now": {"N": str(int(now))},
                },
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != _REFUSED:
                raise
            return False
        return True

    def renew(self) -> None:
        """Push the expiry out. Raises LockLost when somebody else has taken it over or removed it."""
        self._extend("SET expiresAt = :until", self.lease)

    def hand_over(self) -> None:
        """Keep it for the run's next job run. Raises LockLost as `renew` does."""
        self._extend("SET expiresAt = :until REMOVE worker", HANDOVER_SECONDS)

    def _extend(self, update: str, seconds: float) -> None:
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=self._key(),
                UpdateExpression=update,
                ConditionExpression=_OURS,
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={**self._us(), ":until": {"N": str(int(self.clock() + seconds))}},
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != _REFUSED:
                raise
            raise self._loss() from refusal

    def release(self) -> None:
        """Free it if it is ours; nothing happens when it is not."""
        try:
            self.dynamodb.delete_item(
                TableName=self.table,
                Key=self._key(),
                ConditionExpression=_OURS,
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues=self._us(),
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != _REFUSED:
                raise

    @contextmanager
    def held(self, hand_over: bool = False) -> Iterator[Lock]:
        """Hold it, renewing in the background. Freed at the end, or kept for the next stage after a success."""
        self.acquire()
        done = threading.Event()
        heartbeat = threading.Thread(target=self._beat, args=(done,), name=f"lock-{self.name}", daemon=True)
        heartbeat.start()
        keep = False
        try:
            yield self
            keep = hand_over
        finally:
            done.set()
            heartbeat.join()
            if keep:
                self.hand_over()
            else:
                self.release()

    def _beat(self, done: threading.Event) -> None:
        while not done.wait(self.lease / BEATS_PER_LEASE):
            try:
                self.renew()
            except LockLost:
                return
            except Exception:  # noqa: S112 - a passing fault; more beats fit into the lease
                continue

    def _us(self) -> dict[str, dict[str, str]]:
        return {":me": {"S": self.owner}, ":worker": {"S": self.worker}}

    def _key(self) -> dict[str, dict[str, str]]:
        return {"lockName": {"S": self.name}}

    def _holder(self) -> _Holder | None:
        item = self.dynamodb.get_item(TableName=self.table, Key=self._key(), ConsistentRead=True).get("Item")
        if not item:
            return None
        return _Holder(item["owner"]["S"], int(item["acquiredAt"]["N"]), int(item["expiresAt"]["N"]))

    def _refusal(self, holder: _Holder) -> str:
        return (
            f"Lock {self.name!r} is held by {holder.owner} since {_instant(holder.acquired_at)} "
            f"(until {_instant(holder.expires_at)}, renewed while it works). Wait for that run to end or stop it."
        )

    def _loss(self) -> LockLost:
        return LockLost(
            f"Lock {self.name!r} no longer belongs to {self.owner}: it expired and was taken over, or was deleted. "
            "Nothing more is written; start the run again."
        )


@dataclass(frozen=True)
class _Holder:
    owner: str
    acquired_at: int
    expires_at: int


def _instant(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat()
