"""The small files of a day become one, and no reader notices.

compact: the day's files are copied into one in a new folder, with the list of what is in it; when both are there and
add up, the catalog is told, in one write, and what has arrived meanwhile follows. clean: once no query can still be
reading the old folder, it is emptied. Either can be repeated after it died anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from batch_etl.errors import CompactionMismatch
from batch_etl.sources.feed.table import COMPACTED, FOLDER, MERGED, TransactionsTable
from batch_etl.transforms.feed_transactions import SCHEMA

_ROWS_AT_ONCE = 200_000


@dataclass(frozen=True)
class Move:
    """What a compaction did to a day."""

    day: str
    old: str
    new: str
    files: int
    rows: int

    def to_json(self) -> dict[str, Any]:
        return {"day": self.day, "old": self.old, "new": self.new, "files": self.files, "rows": self.rows}


@dataclass(frozen=True)
class Compaction:
    table: TransactionsTable

    @property
    def _bucket(self) -> str:
        return self.table.settings.lake_bucket

    def compact(self, days: Iterable[str], in_time: Callable[[], bool]) -> list[Move]:
        """Every day of more than one file, the oldest first, while there is time; and what an earlier call left.

        Raises CompactionMismatch.
        """
        folders = self.table.days()
        moves = []
        for day in sorted(set(days) & folders.keys()):
            if not in_time():
                break
            moves += self._unfinished(day, folders[day])
            parts = self.table.parts(folders[day])
            if len(parts) > 1:
                moves.append(self._compact(day, folders[day], parts))
        return moves

    def _unfinished(self, day: str, folder: str) -> list[Move]:
        """A compaction that died after it had told the catalog, or whose cleaning never came."""
        old = _preceding(day, folder)
        if old is None or not self.table.parts(old):
            return []
        self._follow(old, folder, self.table.merged(folder))
        return [Move(day, old, folder, 0, 0)]

    def _compact(self, day: str, old: str, parts: list[str]) -> Move:
        new = _following(day, old)
        rows = self._merge(old, parts, new)
        merged = self.table.merged(old) | set(parts)
        body = json.dumps({"parts": sorted(merged)}).encode()
        self.table.s3.put_object(Bucket=self._bucket, Key=new + MERGED, Body=body)
        self.table.move(day, new)
        self._follow(old, new, merged)
        return Move(day, old, new, len(parts), rows)

    def _merge(self, old: str, parts: list[str], new: str) -> int:
        """One file of all of them, compared with them before anybody reads it; its rows."""
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / "transactions.parquet"
            rows, amount = 0, Decimal(0)
            with pq.ParquetWriter(path, SCHEMA, compression="snappy") as writer:
                for some in self._batches(old, parts):
                    writer.write_table(some)
                    rows, amount = rows + some.num_rows, amount + _sum(some)
            written = pq.read_table(path, columns=["total_amount"])
            if (written.num_rows, _sum(written)) != (rows, amount):
                raise CompactionMismatch(
                    f"{path.name} of {new} has {written.num_rows} rows and {_sum(written)}, the {len(parts)} files of "
                    f"{old} {rows} and {amount}. Readers still see those; run the compaction again."
                )
            self.table.s3.upload_file(str(path), self._bucket, f"{new}{path.name}")
        return rows

    def _batches(self, folder: str, parts: list[str]) -> Iterable[pa.Table]:
        """The rows of the files, many at a time: each becomes a row group."""
        held: list[pa.Table] = []
        for part in parts:
            body = self.table.s3.get_object(Bucket=self._bucket, Key=folder + part)["Body"].read()
            held.append(pq.read_table(pa.BufferReader(body)).select(SCHEMA.names).cast(SCHEMA))
            if sum(one.num_rows for one in held) >= _ROWS_AT_ONCE:
                yield pa.concat_tables(held)
                held = []
        if held:
            yield pa.concat_tables(held)

    def _follow(self, old: str, new: str, merged: set[str]) -> None:
        """Bring over what was added to the old folder after it was read."""
        for part in self.table.parts(old):
            if part not in merged:
                self.table.s3.copy_object(
                    Bucket=self._bucket, Key=new + part, CopySource={"Bucket": self._bucket, "Key": old + part}
                )

    def clean(self, moves: Iterable[dict[str, Any]]) -> int:
        """Empty the folders that days were moved from; returns the number of files removed."""
        removed = 0
        for move in moves:
            old, now = move["old"], self.table.folder(move["day"])
            if now is None or now == old:
                continue
            self._follow(old, now, self.table.merged(now))
            leftovers = [*self.table.parts(old), MERGED]
            for part in leftovers:
                self.table.s3.delete_object(Bucket=self._bucket, Key=old + part)
            removed += len(leftovers) - 1
        return removed


def _following(day: str, folder: str) -> str:
    """The folder after this one. A compaction that died has left nothing that another one would not write again."""
    return f"{COMPACTED}dt={day}/g={_generation(folder) + 1:06d}/"


def _preceding(day: str, folder: str) -> str | None:
    number = _generation(folder)
    if number < 1:
        return None
    return f"{COMPACTED}dt={day}/g={number - 1:06d}/" if number > 1 else f"{FOLDER}dt={day}/"


def _generation(folder: str) -> int:
    """0: the day's own folder."""
    return int(folder.rstrip("/").rpartition("g=")[2]) if folder.startswith(COMPACTED) else 0


def _sum(rows: pa.Table) -> Decimal:
    return pc.sum(rows["total_amount"]).as_py() or Decimal(0)
