"""Visits of the shop as browse events on the stream, in the simulated days' own time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from batch_etl.errors import SimulationError
from batch_etl.simulation.lake import Lake, dates
from batch_etl.simulation.plan import Plan
from batch_etl.simulation.shop import Shop
from batch_etl.simulation.source import Figures, Sent

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

_AT_ONCE, _TRIES = 500, 8  # "PutRecords" takes 500
_LOOKS, _AGAIN = 6, 40
_ARCHIVED = """
SELECT COUNT(DISTINCT event_id) AS looks, COUNT(DISTINCT session_id) AS sessions
FROM {bronze}.browse_events WHERE session_id LIKE '{ours}%'
"""
_SILVER = """
SELECT
  (SELECT COUNT(*) FROM {silver}.clicks WHERE session_id LIKE '{ours}%') AS looks,
  (SELECT COUNT(*) FROM {silver}.sessions WHERE session_id LIKE '{ours}%') AS sessions
"""
_GOLD = """
SELECT
  (SELECT COALESCE(SUM(sessions), 0) FROM {gold}.conversion_funnel WHERE date IN ({dates}))
  - (
    SELECT COUNT(*) FROM {silver}.sessions
    WHERE CAST(started_at AS date) IN ({dates}) AND session_id NOT LIKE '{ours}%'
  ) AS sessions
"""
Event = dict[str, Any]


class Clicks:
    """Each event names one product more than the one before it; some events are sent twice, as by a writer's retry.

    The shop sends events of its own while it is visited. They are of other sessions, and not counted here.
    """

    name = "clicks"
    marts: tuple[str, ...] = ("sessions",)

    def __init__(self, plan: Plan, lake: Lake, shop: Shop, kinesis: KinesisClient, stream: str) -> None:
        self.plan, self.lake, self.kinesis, self.stream = plan, lake, kinesis, stream
        self.codes, self.customers = [one.code for one in shop.goods], shop.customers
        self.sent = Sent("looks")
        self.look_at = (
            f"the delivery stream {lake.project}-clickstream, its errors under errors/clickstream/ in the lake, and "
            f"the runs of {lake.project}-bronze-to-silver"
        )

    @property
    def _ours(self) -> str:
        return f"simulation-{self.plan.run}-"

    def drive(self, day: int) -> None:
        chance = self.plan.chance(self.name, day)
        left, number = self.plan.clicks, 0
        events: list[Event] = []
        while left > 0:
            looks = min(left, chance.randint(1, _LOOKS), len(self.codes))
            events += self._session(day, number, looks, chance)
            left, number = left - looks, number + 1
        again = [event for event in events if chance.randrange(_AGAIN) == 0]
        self._put(sorted(events, key=lambda event: str(event["event_time"])) + again)
        self.sent.add(looks=len(events), sessions=number, repeated=len(again))

    def _session(self, day: int, number: int, looks: int, chance: random.Random) -> Iterator[Event]:
        session = f"{self._ours}{day:03d}-{number:05d}"
        midnight = datetime.combine(self.plan.day(day), datetime.min.time(), UTC)
        began = midnight + timedelta(seconds=chance.randrange(23 * 3600))
        customer = chance.choice(self.customers) if chance.random() < 0.5 else None
        history: list[dict[str, Any]] = []
        for look, code in enumerate(chance.sample(self.codes, looks), start=1):
            in_cart = chance.random() < 0.3
            item = {
                "product_code": code,
                "quantity": chance.randint(1, 3) if in_cart else 1,
                "in_shopping_cart": in_cart,
            }
            history = [*history, item]
            yield {
                "schema_version": 1, "event_id": f"{session}-{look}", "session_id": session,
                "customer_number": customer, "city": None, "country": None, "credit_limit": None,
                "event_time": f"{began + timedelta(seconds=30 * look):%Y-%m-%dT%H:%M:%SZ}", "browse_history": history,
            }  # fmt: skip

    def _put(self, events: Sequence[Event]) -> None:
        """Raises SimulationError when the stream does not take them, however slowly they are sent."""
        for start in range(0, len(events), _AT_ONCE):
            pending: Any = [
                {"Data": json.dumps(one).encode(), "PartitionKey": str(one["customer_number"] or one["session_id"])}
                for one in events[start : start + _AT_ONCE]
            ]
            for attempt in range(_TRIES):
                told = self.kinesis.put_records(StreamName=self.stream, Records=pending)["Records"]
                pending = [record for record, said in zip(pending, told, strict=True) if said.get("ErrorCode")]
                if not pending:
                    break
                time.sleep(0.1 * 2**attempt)
            else:
                raise SimulationError(
                    f"The stream {self.stream} does not take {len(pending)} events. Send fewer a day."
                )

    def archived(self) -> Figures:
        """What the archive has, from which silver is made."""
        return self.lake.figures(_ARCHIVED, ours=self._ours)

    def silver(self) -> Figures:
        return self.lake.figures(_SILVER, ours=self._ours)

    def gold(self) -> Figures:
        return self.lake.figures(_GOLD, ours=self._ours, dates=dates(self.plan.dates))

    def quarantined(self) -> int:
        """All events are as their contract has them."""
        return 0
