"""The dashboard's rows: one load reads the last publication's snapshots from Athena; all else happens in memory.

Money comes as whole cents, which add up exactly and fast. All tables are read at the snapshots that the journal names,
so that a run that publishes during the load cannot mix two versions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import pandas as pd

Query: TypeAlias = Callable[[str], pd.DataFrame]
"""Runs a SELECT and returns its rows, columns in lower case."""

_LABELS = ("country", "status", "productcode", "productname", "productline", "customername")


class NothingPublished(Exception):  # noqa: N818 - says what is the case
    """No run has published the star schema yet."""


@dataclass(frozen=True)
class Publication:
    """The last row of the journal of publications."""

    run_id: str
    published_at: datetime
    code_version: str
    snapshots: dict[str, int]
    rows_read: int
    rows_written: int
    rows_quarantined: int


@dataclass(frozen=True)
class Gold:
    """`lines`: one row per order line with what the dashboard filters and counts by, money in cents.

    `checks`: one row per check of the published run: tablename, checkname, passed, expected, actual.
    """

    publication: Publication
    lines: pd.DataFrame
    checks: pd.DataFrame


def load_gold(query: Query, database: str = "retail_gold") -> Gold:
    """Everything that the dashboard shows, as of the last publication. Raises NothingPublished."""
    publication = last_publication(query, database)
    at = {table: f"{database}.{table} FOR VERSION AS OF {id_}" for table, id_ in publication.snapshots.items()}
    lines = query(_lines(at["fact_orders"], at["dim_locations"]))
    customers = query(f"SELECT customerNumber, customerName FROM {at['dim_customers']}")
    products = query(f"SELECT productCode, productName, productLine FROM {at['dim_products']}")
    checks = query(_checks(database, publication.run_id))
    return Gold(publication, _labelled(lines, customers, products), checks)


def last_publication(query: Query, database: str = "retail_gold") -> Publication:
    """The journal's newest row. Raises NothingPublished when there is none."""
    found = query(
        "SELECT runId, publishedAt, codeVersion, json_format(CAST(snapshots AS JSON)) AS snapshots, "
        f"rowsRead, rowsWritten, rowsQuarantined FROM {database}.publications ORDER BY publishedAt DESC LIMIT 1"
    )
    if found.empty:
        raise NothingPublished(f"{database}.publications is empty. Run the job: retail-etl-job.")
    row = found.iloc[0]
    return Publication(
        run_id=str(row["runid"]),
        published_at=pd.Timestamp(row["publishedat"]).to_pydatetime(),
        code_version=str(row["codeversion"]),
        snapshots={table: int(snapshot) for table, snapshot in json.loads(row["snapshots"]).items()},
        rows_read=int(row["rowsread"]),
        rows_written=int(row["rowswritten"]),
        rows_quarantined=int(row["rowsquarantined"]),
    )


def _lines(facts: str, locations: str) -> str:
    # FOR VERSION AS OF takes no alias after it on every engine version; a subquery gives one everywhere.
    return f"""
SELECT
  f.orderNumber,
  f.orderDate,
  f.customerNumber,
  f.productCode,
  l.country,
  f.status,
  f.quantityOrdered AS quantity,
  CAST(f.orderAmount * 100 AS BIGINT) AS amount,
  CAST(f.quantityOrdered * f.buyPrice * 100 AS BIGINT) AS cost
FROM (SELECT * FROM {facts}) AS f
JOIN (SELECT * FROM {locations}) AS l ON l.locationKey = f.locationKey
"""


def _checks(database: str, run_id: str) -> str:
    run = run_id.replace("'", "''")
    return (
        "SELECT tableName, checkName, passed, expected, actual "
        f"FROM {database}.quality_results WHERE runId = '{run}' ORDER BY tableName, checkName"
    )


def _labelled(lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    whole = lines.merge(customers, on="customernumber", validate="many_to_one").merge(
        products, on="productcode", validate="many_to_one"
    )
    if len(whole) != len(lines):
        raise ValueError(f"{len(lines) - len(whole)} order lines have no customer or product in this publication")
    whole["orderdate"] = pd.to_datetime(whole["orderdate"])
    return whole.astype(dict.fromkeys(_LABELS, "category"))
