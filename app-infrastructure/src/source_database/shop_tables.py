"""The storefront's own tables in the source database: its user reads and writes rows, set-up makes the tables."""

from __future__ import annotations

from source_database.connection import MySql
from source_database.schema import run_script

SHOP_TABLES = ("storefront_checkouts", "storefront_order_numbers")
"""Of no interest to the lake, and no reason to refuse a load: they go with the orders that they tell of."""


def set_up_shop(connection: MySql) -> None:
    """Run sql/mysql/storefront.sql in the connection's database; what is there stays as it is."""
    run_script(connection, "storefront.sql")
