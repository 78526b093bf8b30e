"""Durable dictionaries for our own services: SQLite in WAL mode, so an acknowledged write survives kill -9."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal


class Table(MutableMapping[str, dict[str, Any]]):
    """JSON documents by key. Assign to persist: changing a fetched document in place changes nothing.

    `synchronous`: FULL flushes every write to the disk; NORMAL survives the death of the process, and is for what is
    written many times a second.
    """

    def __init__(self, path: Path, name: str, *, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(f"PRAGMA synchronous={synchronous}")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (store TEXT, key TEXT, body TEXT, PRIMARY KEY (store, key))"
        )

    def __getitem__(self, key: str) -> dict[str, Any]:
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM documents WHERE store = ? AND key = ?", (self._name, key)
            ).fetchone()
        if row is None:
            raise KeyError(key)
        return json.loads(row[0], object_hook=_revive)  # type: ignore[no-any-return]

    def __setitem__(self, key: str, document: dict[str, Any]) -> None:
        body = json.dumps(document, default=_plain)
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (self._name, key, body))

    def __delitem__(self, key: str) -> None:
        with self._lock:
            if self._db.execute("DELETE FROM documents WHERE store = ? AND key = ?", (self._name, key)).rowcount == 0:
                raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            rows = self._db.execute(
                "SELECT key FROM documents WHERE store = ? ORDER BY rowid", (self._name,)
            ).fetchall()
        return iter([row[0] for row in rows])

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT COUNT(*) FROM documents WHERE store = ?", (self._name,)).fetchone()[0])

    def update_fields(self, key: str, **fields: Any) -> dict[str, Any]:
        """Merge fields into one document, atomically; returns the new document."""
        with self._lock:
            document = self[key] | fields
            self[key] = document
            return document


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"__datetime__": value.astimezone(UTC).isoformat()}
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def _revive(document: dict[str, Any]) -> Any:
    if set(document) == {"__datetime__"}:
        return datetime.fromisoformat(document["__datetime__"])
    return document
