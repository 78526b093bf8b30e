"""The source's tables, sorted into what the star schema is built from and what goes to quarantine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.quality.duplicates import first_of_each, repeats
from batch_etl.quality.quarantine import FINDING, Rule, required, sort_out, without_parent
from batch_etl.schemas import GRAIN
from batch_etl.transforms.text import trim_text


@dataclass(frozen=True)
class CleanSource:
    """`tables` have no row that breaks a rule of its own or repeats a key; every order has its customer.

    Order lines that find no order or product are still among `tables["orderdetails"]`: the fact's inner joins leave
    them out, and `rejected["orderdetails"]` has them. `rejected` rows carry a `finding` each.
    """

    tables: Mapping[str, DataFrame]
    rejected: Mapping[str, DataFrame]


KEYS = {
    "customers": ("customerNumber",),
    "products": ("productCode",),
    "productlines": ("productLine",),
    "orders": ("orderNumber",),
    "orderdetails": GRAIN["fact_orders"],
}
"""The tables that the star schema is built from, and what identifies a row in each."""


def repeated_keys(bronze: Mapping[str, DataFrame]) -> DataFrame:
    """One row a table (tableName, repeats): whether a key occurs twice in it. One job for all of them."""
    counts = (
        repeats(trim_text(bronze[name].select(*key)), *key).withColumn("tableName", F.lit(name))
        for name, key in KEYS.items()
    )
    return reduce(DataFrame.unionByName, counts)


def clean_source(bronze: Mapping[str, DataFrame], repeated: Collection[str]) -> CleanSource:
    """Sort the five tables. Money and counts are untouched; text loses the blanks at its ends.

    `repeated`: the tables in which a key repeats. Usually there is none, and then nothing is sorted to find it.
    """

    def keyed(name: str, *rules: Rule) -> tuple[DataFrame, DataFrame]:
        own = sort_out(trim_text(bronze[name]), rules)
        if name not in repeated:
            return own.clean, own.rejected
        unique = first_of_each(own.clean, *KEYS[name])
        return unique.clean, own.rejected.unionByName(unique.rejected)

    tables: dict[str, DataFrame] = {}
    rejected: dict[str, DataFrame] = {}
    for name in ("customers", "products", "productlines"):
        tables[name], rejected[name] = keyed(name, *(required(field) for field in KEYS[name]))
    orders, bad_orders = keyed("orders", required("orderNumber"), required("orderDate"))
    strangers = without_parent(orders, tables["customers"], "customerNumber", "customers")
    tables["orders"] = orders.join(F.broadcast(tables["customers"].select("customerNumber")), "customerNumber", "semi")
    rejected["orders"] = bad_orders.unionByName(strangers)
    tables["orderdetails"], bad_lines = keyed("orderdetails", *line_rules())
    rejected["orderdetails"] = bad_lines.unionByName(_lost_lines(tables))
    return CleanSource(tables, rejected)


def line_rules() -> tuple[Rule, ...]:
    """What an order line must have to be counted."""
    return (
        *(
            required(field)
            for field in ("orderNumber", "orderLineNumber", "productCode", "quantityOrdered", "priceEach")
        ),
        Rule(
            "quantityOrdered",
            "quantityOrdered is not positive",
            "Correct the quantity in the source; a return is a status of the order, not a negative line.",
            F.coalesce(F.col("quantityOrdered") <= 0, F.lit(False)),
        ),
    )


def _lost_lines(tables: Mapping[str, DataFrame]) -> DataFrame:
    """Lines without an order, then lines of an order without a product: each line once."""
    lines = tables["orderdetails"]
    no_order = without_parent(lines, tables["orders"], "orderNumber", "orders")
    with_order = lines.join(tables["orders"].select("orderNumber"), "orderNumber", "left_semi").select(*lines.columns)
    no_product = without_parent(with_order, tables["products"], "productCode", "products")
    return no_order.unionByName(no_product)


def amounts(rejected_lines: DataFrame) -> DataFrame:
    """One row (rows, amount): how many order lines were rejected and what they come to, exact."""
    amount = F.col("quantityOrdered").cast("decimal(10,0)") * F.col("priceEach")
    return rejected_lines.drop(FINDING).agg(
        F.count(F.lit(1)).alias("rows"), F.coalesce(F.sum(amount), F.lit(0)).cast("decimal(31,2)").alias("amount")
    )
