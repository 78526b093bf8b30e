"""The invariants of the medallion's marts, checked before every publication against silver itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.medallion.tables import GRAIN, MARTS
from batch_etl.parallel import side_by_side
from batch_etl.quality.audit import Check


def audit_marts(marts: Mapping[str, DataFrame], items: DataFrame, sessions: DataFrame) -> list[Check]:
    """All checks of the three marts; money to the cent."""
    frames = {name: marts[name].agg(*_keys(*GRAIN[name]), *_FIGURES[name]()) for name in MARTS}
    frames["items"] = items.agg(
        _money("amount").alias("amount"),
        F.coalesce(F.sum("quantity"), F.lit(0)).alias("units"),
        F.count_distinct("store_id", "transaction_id").alias("transactions"),
    )
    frames["sessions"] = sessions.agg(F.count(F.lit(1)).alias("sessions"))
    found = side_by_side(lambda name: frames[name].collect()[0], frames)
    return [
        *(check for name in MARTS for check in _key_checks(name, found[name])),
        *_sales_checks(found),
        *_funnel_checks(found["conversion_funnel"], found["sessions"]["sessions"]),
    ]


_FIGURES: dict[str, Callable[[], tuple[Column, ...]]] = {
    "store_daily_sales": lambda: (
        _money("total_sales", "cancelled_sales").alias("amount"),
        _whole("total_transactions", "cancelled_transactions").alias("transactions"),
    ),
    "store_product_performance": lambda: (
        _money("total_sales", "cancelled_sales").alias("amount"),
        _whole("total_units", "cancelled_units").alias("units"),
    ),
    "conversion_funnel": lambda: (
        _whole("sessions").alias("sessions"),
        F.count_if((F.col("viewed") > F.col("sessions")) | (F.col("cart") > F.col("viewed"))).alias("rising"),
        F.count_if((F.col("ordered") > F.col("cart")) | (F.col("ordered") > F.col("orders"))).alias("unordered"),
    ),
}


def _key_checks(name: str, figures: Row) -> list[Check]:
    grain = ", ".join(GRAIN[name])
    return [
        Check(name, f"rows that repeat ({grain})", "0", str(figures["rows"] - figures["keys"])),
        Check(name, f"rows with a null in ({grain})", "0", str(figures["nulls"])),
    ]


def _sales_checks(found: Mapping[str, Row]) -> list[Check]:
    items, daily, products = (found[name] for name in ("items", "store_daily_sales", "store_product_performance"))
    return [
        Check(table, f"{what} = {what} of transaction_items", str(items[what]), str(figures[what]))
        for table, figures, whats in (
            ("store_daily_sales", daily, ("amount", "transactions")),
            ("store_product_performance", products, ("amount", "units")),
        )
        for what in whats
    ]


def _funnel_checks(funnel: Row, sessions: int) -> list[Check]:
    name = "conversion_funnel"
    return [
        Check(name, "sessions = sessions of silver", str(sessions), str(funnel["sessions"])),
        Check(name, "days on which more viewed than came, or had a cart than viewed", "0", str(funnel["rising"])),
        Check(
            name, "days on which more ordered than had a cart, or than there are orders", "0", str(funnel["unordered"])
        ),
    ]


def _keys(*grain: str) -> tuple[Column, ...]:
    missing = F.lit(False)
    for name in grain:
        missing = missing | F.col(name).isNull()
    return (
        F.count(F.lit(1)).alias("rows"),
        F.count_distinct(F.struct(*grain)).alias("keys"),
        F.count_if(missing).alias("nulls"),
    )


def _money(*columns: str) -> Column:
    return sum((_zeroed(name) for name in columns), F.lit(0)).cast("decimal(31,2)")


def _whole(*columns: str) -> Column:
    return sum((_zeroed(name) for name in columns), F.lit(0))


def _zeroed(column: str) -> Column:
    return F.coalesce(F.sum(column), F.lit(0))
