"""What Firehose's buffer hands on."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_aws.services.firehose_buffer import BACKUP, RAW, READY, Buffer, Item, batches


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([4, 3, 3], [[4, 3, 3]]),
        ([4, 3, 4], [[4, 3], [4]]),
        ([30, 1, 1], [[30], [1, 1]]),
        ([1, 30, 1], [[1], [30], [1]]),
    ],
)
def test_a_batch_holds_what_fits_in_order_and_a_large_item_is_alone(
    sizes: list[int], expected: list[list[int]]
) -> None:
    found = batches([Item(b"x" * size, 0.0) for size in sizes], 10)
    assert [[len(item.data) for item in batch] for batch in found] == expected


def test_a_stage_is_as_full_as_its_items_before_and_after_a_restart(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "buffer.sqlite")
    assert buffer.fill("s", RAW) is None
    buffer.change("s", add=[(RAW, Item(b"12345", 1.0)), (RAW, Item(b"123", 2.0)), (BACKUP, Item(b"1", 1.0))])
    taken = buffer.take("s", RAW, max_bytes=5)
    assert [item.data for item in taken] == [b"12345"]
    buffer.change("s", add=[(READY, Item(b"1234567890", 1.0, {"kinesis": {"shardId": "0"}}))], remove=taken)
    for again in (buffer, Buffer(tmp_path / "buffer.sqlite")):
        held = [again.fill("s", stage) for stage in (RAW, READY, BACKUP)]
        assert [(fill.count, fill.bytes) for fill in held if fill] == [(1, 3), (1, 10), (1, 1)]
    assert buffer.take("s", READY, 100)[0].info == {"kinesis": {"shardId": "0"}}
    buffer.forget("s")
    assert buffer.fill("s", RAW) is None


def test_a_count_that_went_astray_ends_with_the_stage() -> None:
    buffer = Buffer(Path(":memory:"))
    buffer.change("s", add=[(RAW, Item(b"12345", 1.0))])
    taken = buffer.take("s", RAW, 100)
    for _ in range(2):
        buffer.change("s", remove=taken)
    assert buffer.fill("s", RAW) is None
    buffer.change("s", add=[(RAW, Item(b"123", 2.0))])
    fill = buffer.fill("s", RAW)
    assert fill is not None
    assert (fill.count, fill.bytes) == (1, 3)
