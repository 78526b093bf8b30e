"""The records of all Kinesis streams, on disk before a put is acknowledged: SQLite in WAL mode, one row a record.

A record's place is one number for all streams, so "after this one" means the same in every shard; clients see it as the
56 digits of a sequence number, which sort as text.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from local_aws.context import Context

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    shard TEXT NOT NULL,
    partition_key TEXT NOT NULL,
    key_hash INTEGER NOT NULL,
    arrived REAL NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS records_by_shard ON records (stream, shard, place);
"""


class Record(NamedTuple):
    """One record; `arrived` is in seconds since the epoch."""

    place: int
    partition_key: str
    arrived: float
    data: bytes

    @property
    def sequence_number(self) -> str:
        return sequence_number(self.place)


class Entry(NamedTuple):
    """A record to append."""

    shard: str
    partition_key: str
    data: bytes


@dataclass(frozen=True)
class Reader:
    """Who reads: one of `lanes` parts of a shard; all records of a partition key are in the same part."""

    stream: str
    shard: str
    lanes: int = 1
    lane: int = 0


def sequence_number(place: int) -> str:
    return "4959" + str(place).zfill(52)


def place_of(number: str) -> int:
    """The place of a sequence number; raises ValueError for anything else."""
    if len(number) != 56 or not number.startswith("4959"):
        raise ValueError(f"{number} is not a sequence number of this stream")
    return int(number[4:])


class StreamLog:
    """Append, read, wait. Every call is short; all are made from the event loop."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing; a machine may lose the last
        self._db.executescript(_SCHEMA)
        self._bells: dict[str, asyncio.Event] = {}

    def append(self, stream: str, entries: Sequence[Entry]) -> list[int]:
        """All or none; returns their places in order."""
        now = time.time()
        rows = [(stream, e.shard, e.partition_key, crc32(e.partition_key.encode()), now, e.data) for e in entries]
        insert = "INSERT INTO records (stream, shard, partition_key, key_hash, arrived, data) VALUES (?, ?, ?, ?, ?, ?)"
        self._db.execute("BEGIN IMMEDIATE")
        try:
            places = [int(self._db.execute(insert, row).lastrowid or 0) for row in rows]
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        if bell := self._bells.pop(stream, None):
            bell.set()
        return places

    def read(self, reader: Reader, after: int, limit: int) -> list[Record]:
        rows = self._db.execute(
            "SELECT place, partition_key, arrived, data FROM records WHERE stream = ? AND shard = ? AND place > ?"
            " AND key_hash % ? = ? ORDER BY place LIMIT ?",
            (reader.stream, reader.shard, after, reader.lanes, reader.lane, limit),
        )
        return [Record(*row) for row in rows]

    def oldest_after(self, reader: Reader, after: int) -> float | None:
        """When the first unread record arrived; None when there is none."""
        found = self.read(reader, after, 1)
        return found[0].arrived if found else None

    def last_place(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'records'").fetchone()
        return int(row[0]) if row else 0

    def place_before(self, stream: str, moment: float) -> int:
        """The place after which records arrived at `moment` or later."""
        firsts = [self._first_since(stream, shard, moment) for shard in self.shards(stream)]
        return min((first for first in firsts if first is not None), default=self.last_place() + 1) - 1

    def _first_since(self, stream: str, shard: str, moment: float) -> int | None:
        row = self._db.execute(
            "SELECT place FROM records WHERE stream = ? AND shard = ? AND arrived >= ? ORDER BY place LIMIT 1",
            (stream, shard, moment),
        ).fetchone()
        return int(row[0]) if row else None

    def shards(self, stream: str) -> list[str]:
        """The shards that have records, also split or merged ones: one look-up a shard, not a record."""
        found: list[str] = []
        while True:
            row = self._db.execute(
                "SELECT MIN(shard) FROM records WHERE stream = ? AND shard > ?", (stream, found[-1] if found else "")
            ).fetchone()
            if row[0] is None:
                return found
            found.append(row[0])

    def expire(self, stream: str, before: float) -> None:
        """Drop what is older than the stream's retention."""
        for shard in self.shards(stream):
            kept = self._first_since(stream, shard, before)
            self._db.execute(
                "DELETE FROM records WHERE stream = ? AND shard = ? AND place < ?",
                (stream, shard, self.last_place() + 1 if kept is None else kept),
            )

    def forget(self, stream: str) -> None:
        self._db.execute("DELETE FROM records WHERE stream = ?", (stream,))

    def streams(self) -> list[str]:
        """The streams that have records."""
        found: list[str] = []
        while True:
            row = self._db.execute(
                "SELECT MIN(stream) FROM records WHERE stream > ?", (found[-1] if found else "",)
            ).fetchone()
            if row[0] is None:
                return found
            found.append(row[0])

    async def arrival(self, stream: str, seconds: float) -> None:
        """Return at the next append to the stream, or after `seconds`."""
        bell = self._bells.setdefault(stream, asyncio.Event())
        try:
            await asyncio.wait_for(bell.wait(), seconds)
        except TimeoutError:
            return


@cache
def stream_log_of(ctx: Context) -> StreamLog:
    """One for each context: the API, the mappings and Firehose read the same records."""
    return StreamLog(ctx.settings.state / "kinesis.sqlite")
