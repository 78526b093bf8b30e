"""Loading a model version into pgvector at scale: binary COPY, index, measured recall, one-transaction switch.

`sql/pgvector/embeddings.sql` does the same from the exported CSV files; the functions of schema.sql are theirs both.
Source of the format: PostgreSQL documentation, "COPY", Binary Format; pgvector's vector_recv.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from streaming_recs.adapters.search import search_scale
from streaming_recs.errors import VersionRefusedError
from streaming_recs.model.version import ModelVersion

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from psycopg import Connection

DIMENSIONS = 32  # of the tables and views, by contract
_CHUNK = 20_000
_COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_COPY_END = struct.pack(">h", -1)
_ITEM_COLUMNS = "id, product_line, price, position, embedding, recency, popularity, in_stock, search"


@dataclass(frozen=True)
class Loaded:
    """What a load ended with."""

    version: str
    items: int
    users: int
    index_kind: str
    ef_search: int | None
    recall: float


def load(connection: Connection[Any], model: ModelVersion, *, exact_up_to: int = 100_000) -> Loaded:
    """Put the version's vectors beside the live one's; nobody sees them before `switch`.

    Raises VersionRefusedError when the vectors do not fit or recall stays under its floor; then nothing is left.
    """
    check(model)
    details = json.dumps({"metrics": model.metrics, "data": model.data}, default=str)
    with _refusals(), connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('recs load'))")
        suffix = _value(
            connection,
            "SELECT recs_begin(%s, %s, %s, true, %s::jsonb)",
            (model.version, float(model.recency_weight), search_scale(model), details),
        )
        _copy(connection, f"item_vectors_{suffix} ({_ITEM_COLUMNS})", item_rows(model))
        _copy(connection, f"user_vectors_{suffix} (id, embedding)", user_rows(model))
        _value(connection, "SELECT recs_finish(%s, %s)", (model.version, exact_up_to))
        return loaded(connection, model.version)  # type: ignore[return-value]  # recs_finish has left its row


def loaded(connection: Connection[Any], version: str) -> Loaded | None:
    """What an earlier load ended with, when the version's vectors are still there."""
    row = connection.execute(
        "SELECT version, items, users, index_kind, ef_search, recall FROM model_versions "
        "WHERE version = %s AND state IN ('ready', 'live', 'retired', 'rolled_back')",
        (version,),
    ).fetchone()
    return Loaded(*row) if row else None


def live(connection: Connection[Any]) -> str | None:
    """The version that readers see."""
    row = connection.execute("SELECT version FROM model_versions WHERE state = 'live'").fetchone()
    return str(row[0]) if row else None


def switch(connection: Connection[Any], version: str, reason: str) -> str | None:
    """Make a loaded version live in one transaction; returns the one that was."""
    with _refusals(), connection.transaction():
        before: str | None = _value(connection, "SELECT recs_switch(%s, %s)", (version, reason))
    return before


def rollback(connection: Connection[Any], reason: str) -> str:
    """Return to the version that was live before; returns its name."""
    with _refusals(), connection.transaction():
        return str(_value(connection, "SELECT recs_rollback(%s)", (reason,)))


def prune(connection: Connection[Any], keep: int = 2) -> int:
    """Drop the vectors of versions that nobody will return to; returns how many."""
    with _refusals(), connection.transaction():
        return int(_value(connection, "SELECT recs_prune(%s)", (keep,)))


def check(model: ModelVersion) -> None:
    """Raise VersionRefusedError unless the vectors are ones that can be searched."""
    remedy = "Train it again."
    if model.dimensions != DIMENSIONS:
        raise VersionRefusedError(
            f"Version {model.version} has {model.dimensions} dimensions; the tables have {DIMENSIONS}.",
            f"Train it with {DIMENSIONS} dimensions.",
        )
    for name in ("item_vectors", "recency", "popularity", "user_vectors"):
        if not np.isfinite(getattr(model, name)).all():
            raise VersionRefusedError(f"Version {model.version}: {name} holds values that are no numbers.", remedy)
    if not len(model.items):
        raise VersionRefusedError(f"Version {model.version} has no items.", remedy)


def search_vectors(model: ModelVersion) -> NDArray[np.float32]:
    """(n, 34): scaled v, recency, and what brings every row to the longest one's length: cosine orders like u·v.

    Source: Bachrach et al. 2014, "Speeding up the Xbox recommender system using a Euclidean transformation".
    """
    base = np.column_stack([model.item_vectors * search_scale(model), model.recency]).astype(np.float64)
    squares = np.einsum("ij,ij->i", base, base)
    return np.column_stack([base, np.sqrt(squares.max() - squares)]).astype(np.float32)


def item_rows(model: ModelVersion) -> Iterator[bytes]:
    """Rows of item_vectors in COPY's binary format; first the columns of varying length, then the fixed ones."""
    n, d = model.item_vectors.shape
    fixed = np.zeros(n, dtype=[
        ("position_size", ">i4"), ("position", ">i4"), *_vector_type("embedding", d),
        ("recency_size", ">i4"), ("recency", ">f4"), ("popularity_size", ">i4"), ("popularity", ">f4"),
        ("in_stock_size", ">i4"), ("in_stock", "u1"), *_vector_type("search", d + 2),
    ])  # fmt: skip
    for name, size in (("position", 4), ("recency", 4), ("popularity", 4), ("in_stock", 1)):
        fixed[f"{name}_size"] = size
    fixed["position"] = np.arange(n)
    fixed["recency"], fixed["popularity"] = model.recency, model.popularity
    fixed["in_stock"] = model.attributes.in_stock
    _fill_vector(fixed, "embedding", model.item_vectors)
    _fill_vector(fixed, "search", search_vectors(model))
    tails, size = fixed.tobytes(), fixed.dtype.itemsize
    columns = zip(
        model.items.tolist(), model.attributes.product_line.tolist(), model.attributes.price.tolist(), strict=True
    )
    for position, (code, line, price) in enumerate(columns):
        head = struct.pack(">h", 9) + _text(code) + _text(line) + _double(price)
        yield head + tails[position * size : (position + 1) * size]


def user_rows(model: ModelVersion) -> Iterator[bytes]:
    """Rows of user_vectors in COPY's binary format, many at a time."""
    d = model.user_vectors.shape[1]
    rows = np.zeros(
        len(model.users), dtype=[("columns", ">i2"), ("id_size", ">i4"), ("id", ">i8"), *_vector_type("embedding", d)]
    )
    rows["columns"], rows["id_size"], rows["id"] = 2, 8, model.users
    _fill_vector(rows, "embedding", model.user_vectors)
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK].tobytes()


def _vector_type(name: str, dimensions: int) -> list[tuple[Any, ...]]:
    return [(f"{name}_size", ">i4"), (f"{name}_dim", ">i2"), (f"{name}_unused", ">i2"), (name, ">f4", (dimensions,))]


def _fill_vector(rows: NDArray[Any], name: str, vectors: NDArray[np.float32]) -> None:
    rows[f"{name}_size"], rows[f"{name}_dim"] = 4 + 4 * vectors.shape[1], vectors.shape[1]
    rows[name] = vectors


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">i", len(raw)) + raw


def _double(value: float) -> bytes:
    return struct.pack(">i", -1) if np.isnan(value) else struct.pack(">id", 8, value)


def _copy(connection: Connection[Any], target: str, rows: Iterator[bytes]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN (FORMAT binary)".encode()) as copy:
        copy.write(_COPY_HEAD)
        for row in rows:
            copy.write(row)
        copy.write(_COPY_END)


def _value(connection: Connection[Any], statement: str, parameters: tuple[Any, ...]) -> Any:
    row = connection.execute(statement.encode(), parameters).fetchone()
    return row[0] if row else None


@contextmanager
def _refusals() -> Iterator[None]:
    """What the database's functions refuse becomes an error of ours, with their hint as its remedy."""
    import psycopg  # noqa: PLC0415 - `check` and `search_vectors` need no driver

    try:
        yield
    except (psycopg.errors.RaiseException, psycopg.errors.DuplicateObject, psycopg.errors.UndefinedObject,
            psycopg.errors.LockNotAvailable) as error:  # fmt: skip
        raise VersionRefusedError(
            error.diag.message_primary or str(error), error.diag.message_hint or "Try again in a moment."
        ) from error
