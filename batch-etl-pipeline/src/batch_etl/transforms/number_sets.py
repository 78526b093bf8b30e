"""Sets of whole numbers in the fixed space of a group: exact distinct counts without a row, or a set, a number."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812


def block(number: str, words: int) -> Column:
    """What a group is keyed by besides its own key: `words` × 64 neighbouring numbers share a block.

    `words` is a power of two. More words make fewer groups where numbers that meet in a group are near each other, as
    the orders of a day are; one word is enough where they are small, as the lines of an order are.
    """
    return F.shiftright(F.col(number).cast("bigint"), 5 + words.bit_length()).alias(f"{number}Block")


def members(number: str, words: int) -> list[Column]:
    """Aggregates: which numbers of the block came, each a bit in one of `words` integers of 64."""
    bit = f"shiftleft(1L, CAST(`{number}` & 63 AS INT))"
    word = f"shiftright(CAST(`{number}` AS BIGINT), 6) & {words - 1}"
    return [
        F.expr(f"bit_or(CASE WHEN {word} = {place} THEN {bit} END)").alias(f"{number}Word{place}")
        for place in range(words)
    ]


def size(number: str, words: int) -> Column:
    """How many different numbers `members` found: a group's blocks add up, as no number is in two of them."""
    counts = [F.coalesce(F.bit_count(f"{number}Word{place}"), F.lit(0)) for place in range(words)]
    return sum(counts[1:], counts[0])
