"""What Firehose's buffer hands on."""

from __future__ import annotations

import pytest
from local_aws.services.firehose_buffer import Item, batches


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
