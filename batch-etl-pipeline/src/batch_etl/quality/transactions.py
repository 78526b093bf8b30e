"""Which transactions of a page are good, which belong in quarantine and why, and which say nothing new.

The unit is the transaction: one with a bad item is set aside whole, so that no order is counted in part. When its
source corrects it, the next reading of it brings it in.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.quality.quarantine import FINDING, Rule, sort_out

_KEY = ("store_id", "transaction_id")
_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$"
_QUANTITY = r"^\d{1,9}(\.0+)?$"
_PRICE = r"^\d{1,8}(\.\d{1,2}0*)?$"
_TOTAL = r"^\d{1,19}(\.\d{1,2}0*)?$"
_ASK = "Ask the API's owner to correct the transaction; the next reading of it is tried anew."


@dataclass(frozen=True)
class Judged:
    """`accepted`: typed transactions with a column `outcome`, good or duplicate, and `version`; `rejected`: page,
    position, transaction_id and `finding`. Together they are all that was received."""

    accepted: DataFrame
    rejected: DataFrame


def judge(received: DataFrame, known: DataFrame, store: str) -> Judged:
    """`received` as `transforms.api_page` makes it; `known`: store_id, transaction_id, version, read_at of silver.

    Of a transaction's versions the one read last counts. One that says what silver says already, or less, is a
    duplicate. `store` stands for the store where the API names none.
    """
    sorted_out = sort_out(received, _rules())
    typed = _typed(sorted_out.clean, store)
    latest = Window.partitionBy(*_KEY).orderBy(F.desc("read_at"), F.desc("page"), F.desc("position"))
    held = known.select(*_KEY, F.col("version").alias("held_version"), F.col("read_at").alias("held_at"))
    nothing_new = (
        (F.col("place") > 1)
        | F.col("version").eqNullSafe(F.col("held_version"))
        | F.coalesce(F.col("held_at") > F.col("read_at"), F.lit(False))
    )
    accepted = (
        typed.withColumn("place", F.row_number().over(latest))
        .join(held, [*_KEY], "left")
        .withColumn("outcome", F.when(nothing_new, "duplicate").otherwise("good"))
        .drop("place", "held_version", "held_at")
    )
    return Judged(accepted, sorted_out.rejected.select("page", "position", "transaction_id", FINDING))


def _rules() -> tuple[Rule, ...]:
    items = F.col("items")
    return (
        Told("page", "", _ASK, F.col("problem").isNotNull()),
        _rule("transaction_id", "transaction_id is missing", F.col("transaction_id").isNull()),
        _rule("read_at", "the page does not say when it was fetched", F.col("read_at").cast("timestamp").isNull()),
        _rule(
            "ts",
            "ts is no date or time such as 2026-05-21T10:00:00Z",
            ~_like(F.col("ts"), _MOMENT) | F.col("ts").cast("timestamp").isNull(),
        ),
        _rule("items", "the transaction has no items", F.size(items) < 1),
        _rule("product_id", "an item's product_id is missing", F.exists(items, lambda item: item.product_id.isNull())),
        _rule(
            "quantity",
            "an item's quantity is no whole number above zero",
            F.exists(items, lambda item: ~_like(item.quantity, _QUANTITY) | (_whole(item.quantity) < 1)),
        ),
        _rule(
            "price",
            "an item's price is no amount with at most two decimals",
            F.exists(items, lambda item: ~_like(item.price, _PRICE)),
        ),
        _rule("total", "total is no amount", F.col("total").isNotNull() & ~_like(F.col("total"), _TOTAL)),
        _rule(
            "total",
            "total is not the sum of its items",
            F.coalesce(F.col("total").cast("decimal(21,2)") != _sum(items), F.lit(False)),
        ),
    )


class Told(Rule):
    """What the reader of the page found wrong."""

    def finding(self) -> Column:
        return F.struct(
            F.col("problem").alias("reason"), F.col("field").alias("field"), F.lit(self.remedy).alias("remedy")
        )


def _rule(field: str, reason: str, broken: Column) -> Rule:
    return Rule(field, reason, _ASK, F.coalesce(broken, F.lit(False)))


def _typed(clean: DataFrame, store: str) -> DataFrame:
    item = F.transform(
        "items",
        lambda item: F.struct(
            item.product_id.alias("product_id"),
            _whole(item.quantity).alias("quantity"),
            item.price.cast("decimal(10,2)").alias("price"),
        ),
    )
    typed = clean.select(
        "page", "position", "transaction_id", F.coalesce("store_id", F.lit(store)).alias("store_id"), "customer_id",
        F.col("ts").cast("timestamp").alias("ts"), "status", item.alias("items"),
        F.col("read_at").cast("timestamp").alias("read_at"),
    )  # fmt: skip
    content = F.to_json(F.struct("customer_id", "ts", "status", "items"), {"ignoreNullFields": "false"})
    return typed.withColumn("version", F.sha2(content, 256))


def _sum(items: Column) -> Column:
    zero = F.lit(0).cast("decimal(31,2)")
    return F.aggregate(
        items,
        zero,
        lambda total, item: (
            total + (_whole(item.quantity).cast("decimal(10,0)") * item.price.cast("decimal(10,2)"))
        ).cast("decimal(31,2)"),
    )


def _whole(text: Column) -> Column:
    return text.cast("decimal(10,0)").cast("int")


def _like(text: Column, pattern: str) -> Column:
    """False for what is missing."""
    return F.coalesce(text.rlike(pattern), F.lit(False))
