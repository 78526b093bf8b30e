"""What a warm process keeps between requests: one connection, one model."""

from __future__ import annotations

from streaming_recs.adapters.aws import client
from streaming_recs.adapters.connection import WarmConnection
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.adapters.secret import read_login
from streaming_recs.adapters.vector_store import VectorStore
from streaming_recs.recommender import Recommender
from streaming_recs.settings import Database, Patience, Serving


def vector_store(database: Database, patience: Patience) -> VectorStore:
    """The database with a login that follows its secret."""
    return VectorStore(WarmConnection(database, read_login(database.secret_arn), patience))


def recommender(settings: Serving) -> Recommender:
    """The one path that HTTP and stream share."""
    models = ModelStore(client("s3"), settings.lake_bucket)
    return Recommender(vector_store(settings.database, Patience()), models, settings.in_memory_items)
