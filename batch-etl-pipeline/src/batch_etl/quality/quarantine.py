"""Which rows of the source cannot go into the star schema, and why.

A rule names one field, the reason and the remedy. The first rule that a row breaks is the one recorded; the rows that
break none are clean. Clean and quarantined rows together are always all rows: the audit counts on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

FINDING = "finding"


@dataclass(frozen=True)
class Rule:
    """`broken` is true for a row that may not pass; never null."""

    field: str
    reason: str
    remedy: str
    broken: Column

    def finding(self) -> Column:
        return F.struct(
            F.lit(self.reason).alias("reason"), F.lit(self.field).alias("field"), F.lit(self.remedy).alias("remedy")
        )


@dataclass(frozen=True)
class Sorted:
    """`clean` rows as they came; `rejected` rows with a struct column `finding` (reason, field, remedy)."""

    clean: DataFrame
    rejected: DataFrame


def required(field: str) -> Rule:
    """The field must have a value."""
    return Rule(field, f"{field} is missing", f"Fill in {field} in the source.", F.col(field).isNull())


def sort_out(rows: DataFrame, rules: tuple[Rule, ...]) -> Sorted:
    """Split by rules that a row can break on its own."""
    broken = reduce(lambda any_broken, rule: any_broken | rule.broken, rules, F.lit(False))
    finding = F.coalesce(*(F.when(rule.broken, rule.finding()) for rule in rules))
    return Sorted(rows.where(~broken), rows.where(broken).withColumn(FINDING, finding))


def without_parent(rows: DataFrame, parents: DataFrame, key: str, parent_table: str) -> DataFrame:
    """The rows whose `key` no row of `parents` has, with their finding."""
    rule = Rule(
        key,
        f"{key} is not in {parent_table}, or that row is in quarantine itself",
        f"Add the row to {parent_table} in the source, or correct {key}.",
        F.lit(True),
    )
    return rows.join(parents.select(key), key, "left_anti").select(*rows.columns).withColumn(FINDING, rule.finding())


def as_records(rejected: DataFrame, table: str) -> DataFrame:
    """Rows of the quarantine table without run and time; the whole row is kept as JSON."""
    columns = [F.col(name) for name in rejected.columns if name != FINDING]
    return rejected.select(
        F.lit(table).alias("tableName"),
        F.col(f"{FINDING}.reason").alias("reason"),
        F.col(f"{FINDING}.field").alias("field"),
        F.col(f"{FINDING}.remedy").alias("remedy"),
        F.to_json(F.struct(*columns), {"ignoreNullFields": "false"}).alias("record"),
    )
