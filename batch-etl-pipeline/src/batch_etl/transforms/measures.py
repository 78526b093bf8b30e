"""The figures that every mart counts in the same way."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

CANCELLED = "Cancelled"
_MONEY = "decimal(21,2)"


def is_cancelled() -> Column:
    """Cancelled orders are no revenue and are shown apart; an unknown status is none of them."""
    return F.col("status").eqNullSafe(CANCELLED)


def cost() -> Column:
    """What the line's goods cost to buy."""
    return (F.col("quantityOrdered").cast("decimal(10,0)") * F.col("buyPrice")).cast(_MONEY)


def kept(value: Column) -> Column:
    """`value` of lines that were not cancelled, else null, which no aggregate counts."""
    return F.when(~is_cancelled(), value)


def cancelled(value: Column) -> Column:
    """`value` of cancelled lines, else null."""
    return F.when(is_cancelled(), value)


def total(value: Column) -> Column:
    """Sum of whole numbers; 0 where there is nothing."""
    return F.coalesce(F.sum(value), F.lit(0)).cast("bigint")


def money(value: Column) -> Column:
    """Exact sum of money; 0.00 where there is nothing."""
    return F.coalesce(F.sum(value), F.lit(0)).cast(_MONEY)
