"""The figures that every mart counts in the same way."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

CANCELLED = "isCancelled"
"""The column by which a mart's first sums keep cancelled lines apart."""
_MONEY = "decimal(21,2)"


def is_cancelled() -> Column:
    """Cancelled orders are no revenue and are shown apart; an unknown status is none of them."""
    return F.col("status").eqNullSafe("Cancelled")


def cost() -> Column:
    """What the line's goods cost to buy."""
    return (F.col("quantityOrdered").cast("decimal(10,0)") * F.col("buyPrice")).cast(_MONEY)


def kept(sums: str) -> Column:
    """`sums` of lines that were not cancelled, else null, which no aggregate counts."""
    return F.when(~F.col(CANCELLED), F.col(sums))


def cancelled(sums: str) -> Column:
    """`sums` of cancelled lines, else null."""
    return F.when(F.col(CANCELLED), F.col(sums))


def total(value: Column) -> Column:
    """Sum of whole numbers; 0 where there is nothing."""
    return F.coalesce(F.sum(value), F.lit(0)).cast("bigint")


def money(value: Column) -> Column:
    """Exact sum of money; 0.00 where there is nothing."""
    return F.coalesce(F.sum(value), F.lit(0)).cast(_MONEY)
