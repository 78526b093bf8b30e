"""The vector database's tables, roles and functions, as sql/pgvector/schema.sql has them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection


@cache
def statements() -> str:
    """schema.sql; beside this file it is a link to the one that people run."""
    return files("streaming_recs.adapters").joinpath("schema.sql").read_text(encoding="utf-8")


def set_up(connection: Connection[Any]) -> None:
    """Make what is missing; what is there stays. Needs the master user."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('recs schema'))")
        connection.execute(statements().encode())
