"""One load reads every table at the snapshot that the journal names, and refuses lines without their dimensions."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pandas as pd
import pytest
from batch_etl.analytics.gold import NothingPublished, load_gold

SNAPSHOTS = {"fact_orders": 11, "dim_customers": 12, "dim_products": 13, "dim_locations": 14}
CUSTOMERS = pd.DataFrame({"customernumber": [10, 20], "customername": ["Atelier", "Toys4"]})
PRODUCTS = pd.DataFrame(
    {"productcode": ["CAR", "SHIP"], "productname": ["1948 Car", "HMS Ship"], "productline": ["Cars", "Ships"]}
)
CHECKS = pd.DataFrame({"tablename": ["fact_orders"], "checkname": ["rows"], "passed": [True]})
JOURNAL = pd.DataFrame(
    {
        "runid": ["run-7"],
        "publishedat": [datetime(2026, 11, 21, 2, 0)],  # noqa: DTZ001 - Athena's timestamps carry no zone
        "codeversion": ["0.1.0"],
        "snapshots": ['{"fact_orders":11,"dim_customers":12,"dim_products":13,"dim_locations":14}'],
        "rowsread": [5],
        "rowswritten": [5],
        "rowsquarantined": [0],
    }
)


class Athena:
    """Answers by the table that a statement names, and remembers the statements."""

    def __init__(self, lines: pd.DataFrame, customers: pd.DataFrame = CUSTOMERS, journal: pd.DataFrame = JOURNAL):
        self.answers = {
            ".publications": journal,
            ".fact_orders": lines,
            ".dim_customers": customers,
            ".dim_products": PRODUCTS,
            ".quality_results": CHECKS,
        }
        self.asked: list[str] = []

    def __call__(self, sql: str) -> pd.DataFrame:
        self.asked.append(sql)
        return next(answer for table, answer in self.answers.items() if table in sql)


def test_all_tables_are_read_at_the_journals_snapshots(bare_lines: pd.DataFrame) -> None:
    athena = Athena(bare_lines)
    load_gold(athena)
    pinned = dict(re.findall(r"retail_gold\.(\w+) FOR VERSION AS OF (\d+)", " ".join(athena.asked)))
    assert {table: int(snapshot) for table, snapshot in pinned.items()} == SNAPSHOTS


def test_every_line_carries_its_names(bare_lines: pd.DataFrame, lines: pd.DataFrame) -> None:
    gold = load_gold(Athena(bare_lines))
    assert gold.lines[["productname", "customername"]].astype(str).to_numpy().tolist() == [
        ["1948 Car", "Atelier"],
        ["HMS Ship", "Atelier"],
        ["1948 Car", "Toys4"],
        ["HMS Ship", "Toys4"],
        ["1948 Car", "Atelier"],
    ]
    assert len(gold.lines) == len(lines)


def test_the_publication_says_which_run_it_was(bare_lines: pd.DataFrame) -> None:
    publication = load_gold(Athena(bare_lines)).publication
    assert (publication.run_id, publication.rows_read) == ("run-7", 5)
    assert publication.published_at.replace(tzinfo=UTC) == datetime(2026, 11, 21, 2, tzinfo=UTC)


def test_a_line_without_its_customer_is_refused_rather_than_lost(bare_lines: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="2 order lines have no customer or product"):
        load_gold(Athena(bare_lines, customers=CUSTOMERS[:1]))


def test_before_the_first_publication_the_message_says_what_to_run(bare_lines: pd.DataFrame) -> None:
    with pytest.raises(NothingPublished, match="Run the job: retail-etl-job"):
        load_gold(Athena(bare_lines, journal=JOURNAL[:0]))
