"""The figures that every mart counts in the same way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

CANCELLED = "isCancelled"
"""The column by which a mart's first sums keep cancelled lines apart."""
_MONEY = "decimal(21,2)"


def is_cancelled() -> Column:
    """Cancelled orders are no revenue and are shown apart; an unknown status is none of them."""
    return F.col("status").eqNullSafe("Cancelled")


def value(price: str, name: str) -> tuple[Column, Column]:
    """Sums of quantityOrdered × `price`, a DECIMAL(10,2): whole units and hundredths of the price apart.

    Spark adds decimals of more than 18 digits object by object; two sums of 64 bits are exact as well, up to 9.2e18,
    which is where DECIMAL(21,2) ends too. A price has ten digits, so its double times 100 rounds to its hundredths.
    """
    hundredths = F.round(F.col(price).cast("double") * 100).cast("bigint")
    quantity = F.col("quantityOrdered").cast("bigint")
    rest = hundredths % 100
    units = ((hundredths - rest) / 100).cast("bigint")
    return F.sum(quantity * units).alias(f"{name}Units"), F.sum(quantity * rest).alias(f"{name}Hundredths")


def kept(sums: str) -> Column:
    """`sums` of lines that were not cancelled, else null, which no aggregate counts."""
    return F.when(~F.col(CANCELLED), F.col(sums))


def cancelled(sums: str) -> Column:
    """`sums` of cancelled lines, else null."""
    return F.when(F.col(CANCELLED), F.col(sums))


def total(number: Column) -> Column:
    """Sum of whole numbers; 0 where there is nothing."""
    return F.coalesce(F.sum(number), F.lit(0)).cast("bigint")


def money(of: Callable[[str], Column], name: str) -> Column:
    """The exact sum of `value`s that `of` (kept, cancelled) lets pass; 0.00 where there is nothing."""
    units, hundredths = (total(of(f"{name}{part}")).cast("decimal(20,0)") for part in ("Units", "Hundredths"))
    return (units + hundredths * F.lit(Decimal("0.01"))).cast(_MONEY)
