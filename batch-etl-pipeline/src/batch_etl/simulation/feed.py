"""The transaction feed: its generator called for the simulated times, and a file of a sender who makes mistakes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from batch_etl.simulation.lake import Lake, dates, days_text
from batch_etl.simulation.plan import Plan
from batch_etl.simulation.runs import Functions
from batch_etl.simulation.source import Figures, Sent
from batch_etl.sources.feed.objects import RAW_FOLDER
from batch_etl.sources.feed.quarantine import FOLDER as QUARANTINE
from batch_etl.sources.feed.sales import demand

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_A_CALL, _MOST_CALLS = 50, 24
_DAMAGE: tuple[dict[str, str | None], ...] = (
    {"price": "-1.00"}, {"total_amount": "0.01"}, {"timestamp": "yesterday"}, {"product_id": "NO_SUCH_PRODUCT"},
    {"transaction_id": None},
)  # fmt: skip
_SILVER = """
SELECT COUNT(*) AS transactions, COUNT(DISTINCT transaction_id) AS ids, SUM(quantity) AS units,
  SUM(total_amount) AS amount
FROM {silver}.transactions WHERE dt IN ({days})
"""
_GOLD = """
SELECT SUM(transactions) AS transactions, SUM(units) AS units, SUM(revenue) AS amount
FROM {gold}.sales_by_category WHERE date IN ({dates})
"""
Transaction = dict[str, Any]


class Feed:
    """What the days had before this run is asked first: silver does not say who sent a transaction."""

    name = "transaction feed"
    marts: tuple[str, ...] = ("transactions", "units", "amount")

    def __init__(self, plan: Plan, lake: Lake, s3: S3Client, functions: Functions, buckets: dict[str, str]) -> None:
        self.plan, self.lake, self.s3, self.functions, self.buckets = plan, lake, s3, functions, buckets
        self.sent = Sent("transactions")
        self.look_at = (
            f"the log of {lake.project}-transaction-transformer, and the queue of events that it failed on; silver "
            "gets no more than what is under transactions/raw/ in the landing bucket"
        )
        self._before, self._before_in_gold = self._held(), self._held_in_gold()
        self._began = datetime.now(UTC).date()

    def drive(self, day: int) -> None:
        chance = self.plan.chance(self.name, day)
        sold: list[Transaction] = []
        for event in self._calls(day, chance):
            answer = self.functions.call("transaction-generator", event)
            found = self._read(answer["key"])
            self.sent.add(
                transactions=len(found), ids=len(found), units=sum(one["quantity"] for one in found),
                amount=sum((Decimal(one["total_amount"]) for one in found), Decimal(0)),
            )  # fmt: skip
            sold += found
        mistakes = self.plan.bad(len(sold))
        if mistakes:
            self._send_mistakes(day, chance.sample(sold, mistakes), chance.sample(sold, mistakes))

    def _calls(self, day: int, chance: random.Random) -> Iterator[dict[str, Any]]:
        """Events for the busiest hours of the day, with the transactions shared out as the hours' demand has it."""
        midnight = datetime.combine(self.plan.day(day), datetime.min.time(), UTC)
        calls = min(_MOST_CALLS, -(-self.plan.transactions // _A_CALL))
        hours = sorted((midnight + timedelta(hours=hour) for hour in range(24)), key=demand, reverse=True)[:calls]
        shares = (
            chance.choices(hours, weights=[demand(hour) for hour in hours], k=self.plan.transactions) if hours else []
        )
        for hour in sorted(set(shares)):
            name = f"simulation-{self.plan.run}-{day:03d}-{hour.hour:02d}"
            yield {"id": name, "time": f"{hour:%Y-%m-%dT%H:30:00Z}", "transactions": shares.count(hour)}

    def _read(self, key: str) -> list[Transaction]:
        body = self.s3.get_object(Bucket=self.buckets["landing"], Key=key)["Body"].read()
        found: list[Transaction] = json.loads(body)
        return found

    def _send_mistakes(self, day: int, again: Sequence[Transaction], models: Sequence[Transaction]) -> None:
        """A file with transactions that were sent before, word for word, and bad ones, which have ids of their own."""
        bad = [
            model | {"transaction_id": f"{model['transaction_id']}-{turn}"} | _DAMAGE[turn % len(_DAMAGE)]
            for turn, model in enumerate(models)
        ]
        key = f"{RAW_FOLDER}dt={self.plan.day(day)}/{self._mistakes}{day:03d}.json"
        self.s3.put_object(Bucket=self.buckets["landing"], Key=key, Body=json.dumps([*again, *bad]).encode())
        self.sent.add(repeated=len(again), bad=len(bad))

    @property
    def _mistakes(self) -> str:
        return f"simulation-{self.plan.run}-mistakes-"

    def silver(self) -> Figures:
        return _less(self._held(), self._before)

    def gold(self) -> Figures:
        return _less(self._held_in_gold(), self._before_in_gold)

    def _held(self) -> Figures:
        return self.lake.figures(_SILVER, days=days_text(self.plan.dates))

    def _held_in_gold(self) -> Figures:
        return self.lake.figures(_GOLD, dates=dates(self.plan.dates))

    def quarantined(self) -> int:
        """Lines of our files' quarantine, which lies in S3 under the days on which it was written."""
        pages = self.s3.get_paginator("list_objects_v2")
        lines = 0
        for ahead in range((datetime.now(UTC).date() - self._began).days + 1):
            prefix = f"{QUARANTINE}dt={self._began + timedelta(days=ahead)}/{self._mistakes}"
            for page in pages.paginate(Bucket=self.buckets["lake"], Prefix=prefix):
                for one in page.get("Contents", []):
                    body = self.s3.get_object(Bucket=self.buckets["lake"], Key=one["Key"])["Body"].read()
                    lines += body.count(b"\n")
        return lines


def _less(now: Figures, before: Figures) -> Figures:
    return {name: amount - before.get(name, Decimal(0)) for name, amount in now.items()}
