"""The streams' log: order, lanes, and what another process finds after a kill."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from local_aws.services.kinesis_log import Entry, Reader, StreamLog, place_of, sequence_number


@pytest.fixture
def log(tmp_path: Path) -> StreamLog:
    return StreamLog(tmp_path / "kinesis.sqlite")


def entries(*texts: str, shard: str = "s0") -> list[Entry]:
    return [Entry(shard, text, text.encode()) for text in texts]


def test_records_are_read_in_order_after_a_place(log: StreamLog) -> None:
    places = log.append("events", entries("a", "b", "c"))
    log.append("others", entries("z"))
    found = log.read(Reader("events", "s0"), places[0], 10)
    assert [(record.place, record.partition_key, record.data) for record in found] == [
        (places[1], "b", b"b"), (places[2], "c", b"c"),
    ]  # fmt: skip


def test_lanes_share_a_shard_without_gap_or_overlap(log: StreamLog) -> None:
    log.append("events", entries(*(f"key-{number % 10}" for number in range(50))))
    lanes = [
        [record.partition_key for record in log.read(Reader("events", "s0", 3, lane), 0, 100)] for lane in range(3)
    ]
    assert sum(map(len, lanes)) == 50
    assert sum(len(set(lane)) for lane in lanes) == 10


def test_another_process_finds_what_was_appended_and_goes_on_after_it(tmp_path: Path, log: StreamLog) -> None:
    (place,) = log.append("events", entries("a"))
    log.forget("events")
    again = StreamLog(tmp_path / "kinesis.sqlite")
    assert again.append("events", entries("b")) == [place + 1], "a place is never given twice"
    assert [record.data for record in again.read(Reader("events", "s0"), place, 10)] == [b"b"]


def test_a_moment_is_a_place(log: StreamLog) -> None:
    (before,) = log.append("events", entries("a"))
    time.sleep(0.01)
    moment = time.time()
    log.append("events", entries("b"))
    assert log.place_before("events", moment) == before
    assert log.place_before("events", time.time() + 60) == log.last_place()


def test_what_is_older_than_the_retention_goes(log: StreamLog) -> None:
    log.append("events", entries("old"))
    moment = time.time()
    log.append("events", entries("new"))
    log.expire("events", moment)
    assert [record.data for record in log.read(Reader("events", "s0"), 0, 10)] == [b"new"]


def test_an_append_wakes_who_waits_for_its_stream(log: StreamLog) -> None:
    async def wait(stream: str) -> float:
        began = time.monotonic()
        waiting = asyncio.create_task(log.arrival(stream, 0.5))
        await asyncio.sleep(0.01)
        log.append("events", entries("a"))
        await waiting
        return time.monotonic() - began

    assert asyncio.run(wait("events")) < 0.3
    assert asyncio.run(wait("others")) >= 0.5


def test_sequence_numbers_sort_as_text_and_turn_back() -> None:
    numbers = [sequence_number(place) for place in (1, 9, 10, 12345678901234567890)]
    assert numbers == sorted(numbers)
    assert [place_of(number) for number in numbers] == [1, 9, 10, 12345678901234567890]
    with pytest.raises(ValueError, match="not a sequence number"):
        place_of("7")
