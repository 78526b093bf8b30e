"""pgvector as serving sees it: the live version, what shoppers did just now, and the nearest items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from streaming_recs.errors import ModelMissingError, StoreUnavailableError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from psycopg import Connection

    from streaming_recs.adapters.connection import WarmConnection
    from streaming_recs.events import BrowseEvent

RECENT_LIMIT, RECENT_DAYS = 50, 14
_LIVE = 6  # columns of a LiveVersion, first in each row of a state


@dataclass(frozen=True)
class LiveVersion:
    """What model_versions says of the live version; `suffix` is that of its tables."""

    version: str
    suffix: str
    in_lake: bool
    recency_weight: float
    search_scale: float
    ef_search: int | None


@dataclass(frozen=True)
class Seen:
    """A product that a shopper looked at."""

    product_code: str
    weight: float
    in_cart: bool
    session_id: str
    event_time: datetime


@dataclass(frozen=True)
class LiveState:
    """One moment of the database: the live version, and each shopper's recent products, latest first."""

    live: LiveVersion
    recent: dict[str, tuple[Seen, ...]]


@dataclass(frozen=True)
class StoredVectors:
    """A version's vectors as they stand in the database; items are sorted by their code's bytes."""

    items: NDArray[np.str_]
    item_vectors: NDArray[np.float32]
    users: NDArray[np.int64]
    user_vectors: NDArray[np.float32]


_STATE = f"""
SELECT v.version, v.suffix, v.in_lake, v.recency_weight, v.search_scale, v.ef_search,
    r.shopper, r.product, r.weight, r.in_cart, r.session_id, r.event_time
FROM model_versions AS v
LEFT JOIN (
    SELECT w.shopper, near.product, near.weight, near.in_cart, near.session_id, near.event_time
    FROM unnest(%s::text[]) AS w (shopper)
    CROSS JOIN LATERAL (
        SELECT i.product, i.weight, i.in_cart, i.session_id, i.event_time
        FROM recent_interactions AS i
        JOIN recent_sessions AS s ON s.session_id = i.session_id AND s.event_id = i.event_id
        WHERE i.shopper = w.shopper AND i.event_time > now() - interval '{RECENT_DAYS} days'
        ORDER BY i.event_time DESC
        LIMIT {RECENT_LIMIT}
    ) AS near
) AS r ON true
WHERE v.state = 'live'
"""  # noqa: S608 - two numbers of ours

# Of each session the row moves only to a later event, and is locked while its products are replaced.
_MOVE = """
INSERT INTO recent_sessions AS held (session_id, shopper, event_time, event_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::text[]) AS e ORDER BY 1
ON CONFLICT (session_id) DO UPDATE
SET shopper = excluded.shopper, event_time = excluded.event_time, event_id = excluded.event_id
WHERE (held.event_time, held.event_id COLLATE "C") < (excluded.event_time, excluded.event_id COLLATE "C")
"""
_FORGET = """
DELETE FROM recent_interactions AS i USING recent_sessions AS s
WHERE s.session_id = ANY (%s) AND i.session_id = s.session_id AND i.event_id <> s.event_id
"""
_REMEMBER = """
INSERT INTO recent_interactions (shopper, product, weight, event_time, event_id, in_cart, session_id)
SELECT s.shopper, e.product, e.weight, s.event_time, s.event_id, e.in_cart, s.session_id
FROM unnest(%s::text[], %s::text[], %s::text[], %s::real[], %s::boolean[])
    AS e (session_id, event_id, product, weight, in_cart)
JOIN recent_sessions AS s ON s.session_id = e.session_id AND s.event_id = e.event_id
ON CONFLICT (event_id, product) DO NOTHING
"""

# Materialised, or the text would be read as a vector once for every item.
_NEAREST = """
WITH q AS MATERIALIZED (
    SELECT n, vector::vector(34) AS vector, wanted
    FROM unnest(%s::int[], %s::text[], %s::int[]) AS e (n, vector, wanted)
)
SELECT q.n, near.position
FROM q CROSS JOIN LATERAL (
    SELECT i.position FROM item_vectors_{suffix} AS i ORDER BY i.search <=> q.vector LIMIT q.wanted
) AS near
"""


class VectorStore:
    """Each method is one exchange with the database, whatever the size of the batch."""

    def __init__(self, connection: WarmConnection) -> None:
        self._connection = connection
        self._searching: tuple[int, int | None] | None = None

    def state(self, shoppers: Sequence[str]) -> LiveState:
        """The live version and the recent products of these shoppers, of one moment.

        Raises ModelMissingError while no version is live, StoreUnavailableError when the database does not answer.
        """
        rows = self._connection.run(lambda db: db.execute(_STATE, (list(dict.fromkeys(shoppers)),)).fetchall())
        if not rows:
            raise ModelMissingError(
                "No model version is live.",
                "Run the job retail-train-embeddings, or load one with `retail load-vectors`.",
            )
        recent: dict[str, list[Seen]] = {}
        for shopper, *seen in (row[_LIVE:] for row in rows):
            if shopper is not None:
                recent.setdefault(shopper, []).append(Seen(*seen))
        return LiveState(LiveVersion(*rows[0][:_LIVE]), {who: tuple(seen) for who, seen in recent.items()})

    def remember(self, events: Sequence[BrowseEvent]) -> None:
        """Make each session's latest event its state. Repeating it, or any other order of events, ends the same."""
        from streaming_recs.events import latest_events, latest_items  # noqa: PLC0415 - readers need no pydantic

        latest = latest_events(events)
        if not latest:
            return
        seen = [(event, item) for event in latest for item in latest_items(event.browse_history)]

        def write(db: Connection[Any]) -> None:
            with db.pipeline(), db.transaction():
                db.execute(
                    _MOVE,
                    (
                        [event.session_id for event in latest],
                        [event.shopper for event in latest],
                        [event.event_time for event in latest],
                        [event.event_id for event in latest],
                    ),
                )
                db.execute(_FORGET, ([event.session_id for event in latest],))
                db.execute(
                    _REMEMBER,
                    (
                        [event.session_id for event, _ in seen],
                        [event.event_id for event, _ in seen],
                        [item.product_code for _, item in seen],
                        [item.weight for _, item in seen],
                        [item.in_shopping_cart for _, item in seen],
                    ),
                )

        self._connection.run(write)

    def nearest(
        self,
        live: LiveVersion,
        vectors: NDArray[np.float32],
        count: int,
        without: Sequence[Sequence[int]] | None = None,
    ) -> NDArray[np.int64]:
        """The items with the greatest score for each user vector.

        vectors: (q, 32) user vectors; without: for each, positions that may not be shown: so many more are asked for,
        since a filter inside the index's scan would end it early. Returns positions (q, count), best first, -1 where
        there are fewer items. Recall is the version's own, measured when it was loaded.
        """
        hidden = [frozenset(row) for row in without] if without else [frozenset[int]()] * len(vectors)
        wanted = [count + len(row) for row in hidden]
        ends = np.tile([live.recency_weight, 0.0], (len(vectors), 1))
        queries = np.column_stack([vectors / live.search_scale, ends])
        texts = [json.dumps(query.tolist()) for query in queries.astype(np.float32)]

        def search(db: Connection[Any]) -> list[tuple[int, int]]:
            self._prepare_search(db, live)
            return db.execute(
                _NEAREST.format(suffix=live.suffix).encode(), (list(range(len(texts))), texts, wanted)
            ).fetchall()

        best: list[list[int]] = [[] for _ in texts]
        for n, position in self._connection.run(search):
            if position not in hidden[n] and len(best[n]) < count:
                best[n].append(position)
        return np.array([row + [-1] * (count - len(row)) for row in best], dtype=np.int64).reshape(len(texts), count)

    def _prepare_search(self, db: Connection[Any], live: LiveVersion) -> None:
        """HNSW's settings, once a connection: as wide as the recall was measured, and on until enough are found."""
        wanted = (self._connection.renewals, live.ef_search)
        if live.ef_search is None or self._searching == wanted:
            return
        db.execute(
            "SELECT set_config('hnsw.ef_search', %s, false), set_config('hnsw.iterative_scan', 'strict_order', false),"
            " set_config('hnsw.max_scan_tuples', '200000', false)",
            (str(live.ef_search),),
        )
        self._searching = wanted

    def vectors(self, live: LiveVersion) -> StoredVectors:
        """All vectors of a version, for a process that has nothing but the database to build its model from."""

        def read(db: Connection[Any]) -> tuple[list[Any], list[Any]]:
            with db.transaction():
                db.execute("SET LOCAL statement_timeout = '30s'")
                return (
                    db.execute(
                        f"SELECT id, embedding::real[] FROM item_vectors_{live.suffix} ORDER BY position".encode()  # noqa: S608
                    ).fetchall(),
                    db.execute(
                        f"SELECT id, embedding::real[] FROM user_vectors_{live.suffix} ORDER BY id".encode()  # noqa: S608
                    ).fetchall(),
                )

        items, users = self._connection.run(read)
        if not items:
            raise StoreUnavailableError(f"Version {live.version} has no vectors.", "Load it again.")
        return StoredVectors(
            np.array([code for code, _ in items], dtype=np.str_),
            np.array([vector for _, vector in items], dtype=np.float32),
            np.array([number for number, _ in users], dtype=np.int64),
            np.array([vector for _, vector in users], dtype=np.float32).reshape(len(users), -1 if users else 32),
        )
