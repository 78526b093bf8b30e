"""The warehouse's roles and tables, as sql/warehouse has them; beside this file are links to what people run."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

_OWNER = b"SET LOCAL ROLE warehouse_owner"


def set_up(connection: Connection[Any]) -> None:
    """Make what is missing, roles first; what is there stays. Needs the master user."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('warehouse schema'))")
        connection.execute(_text("roles.sql").encode())
        connection.execute(_OWNER)
        connection.execute(_text("schema.sql").encode())


def bring_up_to_date(connection: Connection[Any]) -> None:
    """Make the tables and columns that are missing; a member of warehouse_owner may."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('warehouse schema'))")
        connection.execute(_OWNER)
        connection.execute(_text("schema.sql").encode())


def digest() -> str:
    """Of the tables' text: what was loaded by another one is brought up to date and loaded again."""
    return hashlib.sha256(_text("schema.sql").encode()).hexdigest()


@cache
def _text(name: str) -> str:
    return files("batch_etl.warehouse").joinpath(name).read_text(encoding="utf-8")
