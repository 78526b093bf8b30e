"""Small files become one; a reader never sees a transaction twice, and misses one for no longer than a copy takes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import pytest
from batch_etl.errors import CompactionMismatch
from batch_etl.sources.feed import compaction as module
from batch_etl.sources.feed.compaction import Compaction
from batch_etl.sources.feed.table import to_parquet
from feed_world import LAKE, FeedWorld, sale, sums, typed

DAY = "2026-03-02"


@pytest.fixture
def day(feed: FeedWorld) -> FeedWorld:
    """A day of five files with two transactions each."""
    for number in range(5):
        feed.take([sale(2 * number + n) for n in range(2)], f"{number}.json")
    return feed


def compact(feed):
    return Compaction(feed.table).compact([DAY], lambda: True)


def clean(feed, moves):
    return Compaction(feed.table).clean([move.to_json() for move in moves])


def test_the_day_is_one_file_and_sums_stay(day):
    before = sums(day.rows())
    (move,) = compact(day)
    assert (move.files, move.rows) == (5, 10)
    assert sums(day.rows()) == before
    assert clean(day, [move]) == 5
    assert sums(day.rows()) == before
    assert sorted(day.files("silver/")) == [
        f"silver/transactions_compacted/dt={DAY}/g=000001/_merged.json",
        f"silver/transactions_compacted/dt={DAY}/g=000001/transactions.parquet",
    ]
    assert compact(day) == []


def test_at_no_moment_does_a_reader_count_twice(day):
    """A reader looks after every call that the compaction makes."""
    expected, seen = sums(day.rows()), []
    reader = FeedWorld.rows

    def look(**_):
        unhook()
        seen.append(sums(reader(day)))
        hook()

    def hook():
        for client in (day.s3, day.glue):
            client.meta.events.register("after-call", look, unique_id="reader")

    def unhook():
        for client in (day.s3, day.glue):
            client.meta.events.unregister("after-call", unique_id="reader")

    hook()
    clean(day, compact(day))
    unhook()
    assert len(seen) > 20
    assert all(found == expected for found in seen)


def test_a_file_that_arrives_while_the_day_is_copied_is_neither_lost_nor_doubled(day, monkeypatch):
    real = module.TransactionsTable.move

    def arrives_first(table, moved, folder):
        day.take([sale(100)], "late.json")
        real(table, moved, folder)

    monkeypatch.setattr(module.TransactionsTable, "move", arrives_first)
    moves = compact(day)
    monkeypatch.undo()
    assert len(day.rows()) == 11
    clean(day, moves)
    assert len(day.rows()) == 11
    (move,) = compact(day)
    clean(day, [move])
    assert len(day.rows()) == 11
    assert len(day.table.parts(day.table.folder(DAY))) == 1


def test_a_file_that_is_written_while_the_day_moves_follows_it(day, monkeypatch):
    """The transformer has looked where the day is, then the day moves, then the file is put where it was."""
    real, moves = module.TransactionsTable.merged, []

    def moves_meanwhile(table, folder):
        answer = real(table, folder)
        if not moves:
            monkeypatch.undo()
            moves.extend(compact(day))
        return answer

    monkeypatch.setattr(module.TransactionsTable, "merged", moves_meanwhile)
    day.take([sale(100)], "late.json")
    assert len(day.rows()) == 11
    clean(day, moves)
    assert len(day.rows()) == 11


def test_a_late_file_is_seen_at_once_in_a_compacted_day(day):
    clean(day, compact(day))
    day.take([sale(100)], "late.json")
    assert len(day.rows()) == 11
    assert day.files(f"silver/transactions/dt={DAY}/") == {}


def test_a_file_that_is_taken_in_already_is_not_put_again(day):
    """A call that died before its last step comes again after the compaction."""
    part = day.table.parts(f"silver/transactions/dt={DAY}/")[0]
    clean(day, compact(day))
    day.table.add(DAY, part, typed([sale(n) for n in range(2)]))
    assert len(day.rows()) == 10


@pytest.mark.parametrize("call", ["UploadPart|PutObject", "BatchUpdatePartition", "CopyObject", "DeleteObject"])
def test_a_compaction_that_died_anywhere_is_finished_by_the_next(day, call):
    expected = sums(day.rows())
    died = []

    def die(model, **_):
        if model.name in call.split("|") and not died:
            died.append(model.name)
            raise ConnectionError("killed")

    def attempt(moves):
        day.table.s3.put_object(  # a file that no event told of: it must follow all the same
            Bucket=LAKE, Key=f"silver/transactions/dt={DAY}/zz.parquet", Body=parquet_of(sale(500))
        )
        clean(day, moves)

    for client in (day.s3, day.glue):
        client.meta.events.register("before-call", die, unique_id="die")
    try:
        attempt(compact(day))
    except ConnectionError:
        pass
    finally:
        for client in (day.s3, day.glue):
            client.meta.events.unregister("before-call", unique_id="die")
    assert len(day.rows()) in (10, 11)
    clean(day, compact(day))
    clean(day, compact(day))
    found = [row for row in day.rows() if row["transaction_id"] != "T0500"]
    assert sums(found) == expected
    assert day.files(f"silver/transactions/dt={DAY}/") == {}


def parquet_of(*rows):
    return to_parquet(typed(rows))


def test_a_file_that_does_not_add_up_is_not_shown_to_readers(day, monkeypatch):
    different = count()
    monkeypatch.setattr(module, "_sum", lambda _: Decimal(next(different)))
    with pytest.raises(CompactionMismatch, match=r"Readers still see those; run the compaction again"):
        compact(day)
    assert day.table.folder(DAY) == f"silver/transactions/dt={DAY}/"
    assert len(day.rows()) == 10


def test_without_time_nothing_is_begun(day):
    assert Compaction(day.table).compact([DAY], lambda: False) == []
    assert len(day.table.parts(day.table.folder(DAY))) == 5


def test_days_of_the_future_are_left_alone(feed):
    assert Compaction(feed.table).compact([f"{datetime.now(UTC):%Y-%m-%d}"], lambda: True) == []
