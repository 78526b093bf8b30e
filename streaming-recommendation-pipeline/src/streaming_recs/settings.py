"""The environment of each function as one frozen value, checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streaming_recs.errors import SettingsError


@dataclass(frozen=True)
class Database:
    """Where the vector database is and whose secret opens it; never a password.

    Environment: DB_HOST, DB_PORT (5432), DB_NAME, DB_SECRET_ARN, CA_BUNDLE (a PEM file in the layer).
    """

    host: str
    port: int
    name: str
    secret_arn: str
    ca: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Database:
        required(environment, "DB_HOST", "DB_NAME", "DB_SECRET_ARN", "CA_BUNDLE")
        return cls(
            environment["DB_HOST"],
            whole(environment, "DB_PORT", 5432),
            environment["DB_NAME"],
            environment["DB_SECRET_ARN"],
            environment["CA_BUNDLE"],
        )


@dataclass(frozen=True)
class Patience:
    """How long a database may take before a shopper is answered without it; seconds."""

    connect: float = 1.5
    statement: float = 0.7
    pause: float = 3.0  # after a failure, how long the database is not asked again


@dataclass(frozen=True)
class Serving:
    """retail-inference. Environment: Database's, LAKE_BUCKET, and IN_MEMORY_ITEMS (100000): up to so many items the
    process searches exactly in memory, above it asks pgvector."""

    database: Database
    lake_bucket: str
    in_memory_items: int = 100_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Serving:
        required(environment, "LAKE_BUCKET")
        return cls(
            Database.from_environment(environment),
            environment["LAKE_BUCKET"],
            whole(environment, "IN_MEMORY_ITEMS", 100_000),
        )


@dataclass(frozen=True)
class Enrichment:
    """retail-recommendation-transform. Environment: Serving's, and QUARANTINE_PREFIX (quarantine/browse_events/) in
    the lake bucket for records that are no events."""

    serving: Serving
    quarantine_prefix: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Enrichment:
        prefix = environment.get("QUARANTINE_PREFIX") or "quarantine/browse_events/"
        return cls(Serving.from_environment(environment), prefix.rstrip("/") + "/")


def required(environment: Mapping[str, str], *names: str) -> None:
    """Raise SettingsError unless all are set."""
    if missing := [name for name in names if not environment.get(name)]:
        raise SettingsError(f"The function lacks {', '.join(missing)}.", "Set them in its environment.")


def whole(environment: Mapping[str, str], name: str, default: int) -> int:
    """A whole number ≥ 0 from the environment."""
    text = environment.get(name) or str(default)
    if not text.isdecimal():
        raise SettingsError(f"{name} is {text!r}.", "Set it to a whole number.")
    return int(text)
