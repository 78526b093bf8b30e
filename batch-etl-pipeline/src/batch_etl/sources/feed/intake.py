"""One raw file into the lake: judged, entered, written, noted.

Each step can be repeated, and all of them are until the last is done; after that the file is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from batch_etl.errors import FeedFailed, RowsUnaccounted
from batch_etl.quality.feed import CONFLICTING, UNREADABLE, Finding, Judged, judge
from batch_etl.sources.feed.catalogue import Shop
from batch_etl.sources.feed.landing import Landing
from batch_etl.sources.feed.latest import Claims, Latest
from batch_etl.sources.feed.objects import RawObject
from batch_etl.sources.feed.quarantine import Quarantine
from batch_etl.sources.feed.raw import Entry, read_entries
from batch_etl.sources.feed.table import TransactionsTable
from batch_etl.transforms.feed_transactions import by_day, feed_transactions

_ASK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Intake:
    """What a raw file passes through."""

    landing: Landing
    shop: Shop
    latest: Latest
    table: TransactionsTable
    quarantine: Quarantine

    def take_all(self, objects: Iterable[RawObject]) -> dict[str, int]:
        """Every object, whatever becomes of the others; counts of all. Raises what failed at the end, together."""
        sums = dict.fromkeys(("files", "read", "good", "repeated", "quarantined"), 0)
        failures: list[Exception] = []
        for found in objects:
            try:
                counts = self.take(found)
            except Exception as failure:  # the next file must not wait for this one
                failures.append(failure)
                print(json.dumps({"source": str(found), "failed": f"{type(failure).__name__}: {failure}"}), flush=True)
                continue
            for name, count in ({"files": 1} | counts).items():
                sums[name] += count
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise FeedFailed(f"{len(failures)} files failed: " + "; ".join(map(str, failures))) from failures[0]
        return sums

    def take(self, found: RawObject) -> dict[str, int]:
        """read = good + repeated + quarantined; the counts of the first time when it was taken before."""
        found = self.landing.versioned(found)
        known = self.latest.outcome(found.identity)
        if known is not None:
            return known
        body, arrived = self.landing.read(found)
        entries = read_entries(body)
        records = [entry for entry in entries if entry.record is not None]
        judged = self._judged([entry.record or {} for entry in records], arrived)
        claims = self.latest.claim(found.identity, judged.good)
        self._write(found, feed_transactions(judged.good.take(pa.array(claims.ours, pa.int64()))))
        bad = [(entry, UNREADABLE) for entry in entries if entry.record is None] + _bad(records, judged, claims)
        if bad:
            self.quarantine.keep(found, arrived, sorted(bad, key=lambda one: one[0].position))
        counts = {
            "read": len(entries), "good": len(claims.ours),
            "repeated": len(judged.repeated) + len(claims.repeated), "quarantined": len(bad),
        }  # fmt: skip
        if counts["read"] != counts["good"] + counts["repeated"] + counts["quarantined"]:
            raise RowsUnaccounted(
                f"{found}: {counts} do not add up; this is an error of the program, please report it."
            )
        self.latest.finish(found.identity, str(found), counts)
        print(json.dumps({"source": str(found)} | counts), flush=True)
        return counts

    def _judged(self, records: list[dict[str, Any]], arrived: datetime) -> Judged:
        """By the catalogue that is kept; by the shop's own once more when a product is not in it."""
        moment = pd.Timestamp(arrived)
        judged = judge(records, self.shop.catalogue().products, moment)
        if any(finding.field == "product_id" for finding in judged.bad.values()):
            judged = judge(records, self.shop.catalogue(older_than=_ASK_AGAIN).products, moment)
        return judged

    def _write(self, found: RawObject, transactions: pa.Table) -> None:
        for day, rows in by_day(transactions).items():
            self.table.add(day, found.part, rows)


def _bad(records: list[Entry], judged: Judged, claims: Claims) -> list[tuple[Entry, Finding]]:
    found = [(records[row], finding) for row, finding in judged.bad.items()]
    return found + [(records[judged.rows[index]], CONFLICTING) for index in claims.conflicting]
