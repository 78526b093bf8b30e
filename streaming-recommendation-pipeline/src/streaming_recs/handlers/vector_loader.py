"""retail-vector-loader: loads a published model version into pgvector and makes it live, or rolls back.

For schedules and state machines, whose jobs run where the database's driver does not: {"version": "…"} loads, without a
version the one that passed the promotion gate last; {"rollback": true} returns to the version before.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import psycopg

from streaming_recs.adapters.aws import client
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.adapters.secret import read_login
from streaming_recs.errors import StoreUnavailableError
from streaming_recs.operations import load_version, rollback
from streaming_recs.settings import Database, required

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Entry point. Environment: Database's (the loader's secret) and LAKE_BUCKET. Raises what went wrong."""
    required(os.environ, "LAKE_BUCKET")
    models = ModelStore(client("s3"), os.environ["LAKE_BUCKET"])
    reason = str(event.get("reason") or "retail-vector-loader")
    with _connection(Database.from_environment(os.environ)) as connection:
        if event.get("rollback"):
            return {"version": rollback(connection, models, reason=reason)}
        loaded = load_version(connection, models, event.get("version"), make_live=True, reason=reason)
    logger.info("version %s is live: %s items, recall %.4f", loaded.version, loaded.items, loaded.recall)
    return {"version": loaded.version, "items": loaded.items, "users": loaded.users, "recall": loaded.recall}


def _connection(database: Database) -> psycopg.Connection[Any]:
    login = read_login(database.secret_arn)("AWSCURRENT")
    if login is None:
        raise StoreUnavailableError(f"Secret {database.secret_arn} has no value yet.", "Rotate it.")
    return psycopg.connect(
        host=database.host, port=database.port, dbname=database.name, user=login.user, password=login.password,
        sslmode="verify-full", sslrootcert=database.ca, connect_timeout=10, autocommit=True,
    )  # fmt: skip
