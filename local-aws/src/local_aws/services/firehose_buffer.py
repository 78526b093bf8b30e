"""What Firehose holds and has not delivered: rows of SQLite in WAL mode, on disk before a put is acknowledged.

A record is in one stage at a time, and changes it in one transaction: nothing is lost when the process is killed, and
what was delivered but not yet taken out is delivered again.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from local_aws.context import Context

RAW, READY, BACKUP, FAILED = "raw", "ready", "backup", "failed"  # to transform, to deliver, to back up, to the errors
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL, stage TEXT NOT NULL, size INTEGER NOT NULL, entered REAL NOT NULL, arrived REAL NOT NULL,
    info TEXT NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS items_by_stage ON items (stream, stage, id, size, entered);
CREATE TABLE IF NOT EXISTS offsets (stream TEXT, shard TEXT, place INTEGER, PRIMARY KEY (stream, shard));
"""


class Item(NamedTuple):
    """`arrived`: when Firehose, or the source stream, got the record. What is stored has an `id` and a `stage`."""

    data: bytes
    arrived: float
    info: Mapping[str, Any] = MappingProxyType({})
    id: int | None = None
    stage: str | None = None


@dataclass(frozen=True)
class Fill:
    """How full a stage is; `oldest` is when its first item entered it."""

    count: int
    bytes: int
    oldest: float


class Buffer:
    """Short calls, from the event loop or from threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        # Asked many times a second, so they are counted along, not in the table: (stream, stage) → [items, bytes].
        self._held: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for stream, stage, count, size in self._db.execute(
            "SELECT stream, stage, COUNT(*), SUM(size) FROM items GROUP BY stream, stage"
        ):
            self._held[stream, stage] = [count, size]

    def change(
        self,
        stream: str,
        *,
        add: Iterable[tuple[str, Item]] = (),
        remove: Sequence[Item] = (),
        offset: tuple[str, int] | None = None,
    ) -> None:
        """Items into stages, items out, and how far the source is read: all or nothing."""
        now = time.time()
        rows = [
            (stream, stage, len(item.data), now, item.arrived, orjson.dumps(dict(item.info)).decode(), item.data)
            for stage, item in add
        ]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("DELETE FROM items WHERE id = ?", [(item.id,) for item in remove])
                self._db.executemany(
                    "INSERT INTO items (stream, stage, size, entered, arrived, info, data)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    rows,
                )
                if offset is not None:
                    self._db.execute("INSERT OR REPLACE INTO offsets VALUES (?, ?, ?)", (stream, *offset))
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            for _, stage, size, *_ in rows:
                self._count(stream, stage, 1, size)
            for item in remove:
                self._count(stream, str(item.stage), -1, -len(item.data))

    def _count(self, stream: str, stage: str, items: int, size: int) -> None:
        held = self._held[stream, stage]
        held[0] += items
        held[1] += size

    def fill(self, stream: str, stage: str) -> Fill | None:
        """None for an empty stage."""
        with self._lock:
            first = self._db.execute(
                "SELECT entered FROM items WHERE stream = ? AND stage = ? ORDER BY id LIMIT 1", (stream, stage)
            ).fetchone()
            if first is None:  # so a count that went astray, as of a stream deleted under way, does not stay so
                self._held.pop((stream, stage), None)
                return None
            count, size = self._held[stream, stage]
            return Fill(count, size, first[0])

    def take(self, stream: str, stage: str, max_bytes: int, max_items: int = 100_000) -> list[Item]:
        """The first items, at least one, as many as fit; they stay until they are removed."""
        found: list[Item] = []
        size = 0
        with self._lock:
            rows = self._db.execute(
                "SELECT id, size, arrived, info, data FROM items WHERE stream = ? AND stage = ? ORDER BY id LIMIT ?",
                (stream, stage, max_items),
            )
            for key, length, arrived, info, data in rows:
                size += length
                if found and size > max_bytes:
                    break
                found.append(Item(data, arrived, orjson.loads(info), key, stage))
        return found

    def offset(self, stream: str, shard: str) -> int | None:
        with self._lock:
            row = self._db.execute(
                "SELECT place FROM offsets WHERE stream = ? AND shard = ?", (stream, shard)
            ).fetchone()
        return int(row[0]) if row else None

    def forget(self, stream: str) -> None:
        with self._lock:
            self._db.execute("DELETE FROM items WHERE stream = ?", (stream,))
            self._db.execute("DELETE FROM offsets WHERE stream = ?", (stream,))
            for key in [key for key in self._held if key[0] == stream]:
                del self._held[key]


def batches(items: Iterable[Item], max_bytes: int) -> list[list[Item]]:
    """The items in their order, in batches of so many bytes at most; one item alone may have more."""
    found: list[list[Item]] = []
    size = 0
    for item in items:
        size += len(item.data)
        if not found or size > max_bytes:
            found.append([])
            size = len(item.data)
        found[-1].append(item)
    return found


@cache
def buffer_of(ctx: Context) -> Buffer:
    return Buffer(ctx.settings.state / "firehose.sqlite")
