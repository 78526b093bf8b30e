"""The one path of an answer: who asks → what the database knows now → the model's algebra. HTTP and stream share it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.adapters.vector_store import LiveVersion, Seen, VectorStore
from streaming_recs.errors import ModelMissingError, ProductUnknownError, ProfileRefusedError, StoreError
from streaming_recs.events import BrowsedItem, BrowseEvent, latest_items, shopper_key
from streaming_recs.model import retrieval
from streaming_recs.model.filters import Mask, allowed, shortfall
from streaming_recs.model.fold_in import shopper_vector
from streaming_recs.model.recommend import recommend
from streaming_recs.model.shopper import Answer, Interaction, Recommendation, Shopper, Wanted
from streaming_recs.model.similar import UnknownProductError, similar
from streaming_recs.model.version import Indices, Matrix, ModelVersion

logger = logging.getLogger(__name__)
_LARGEST = 1e9  # of an embedding's numbers
_HIDDEN_FROM_INDEX = 500  # so many items more are asked of the index; a stricter filter is cheaper in memory


@dataclass(frozen=True)
class Asked:
    """Who asks, as a request or an event says it."""

    customer_number: int | None = None
    session_id: str | None = None
    city: str | None = None
    country: str | None = None
    credit_limit: float | None = None
    history: tuple[BrowsedItem, ...] = ()

    @classmethod
    def from_event(cls, event: BrowseEvent) -> Asked:
        return cls(
            event.customer_number, event.session_id, event.city, event.country, event.credit_limit,
            tuple(latest_items(event.browse_history)),
        )  # fmt: skip

    @property
    def key(self) -> str | None:
        """The shopper as recent_interactions knows them; None for somebody without a name."""
        if self.customer_number is None and self.session_id is None:
            return None
        return shopper_key(self.customer_number, self.session_id or "")


@dataclass(frozen=True)
class Listing:
    """Items, how they were found, and by which model; `shortfall` says why there are fewer than asked for."""

    items: tuple[Recommendation, ...]
    path: str
    model_version: str
    shortfall: str | None = None


@dataclass(frozen=True)
class Embedding:
    """A shopper's vector."""

    vector: list[float]
    path: str
    model_version: str


@dataclass
class _Held:
    """The version that this process serves, whole, with what was worked out from it."""

    live: LiveVersion
    model: ModelVersion
    similar: dict[tuple[str, int], tuple[Recommendation, ...]] = field(default_factory=dict)


class Recommender:
    """Answers with user and item vectors of one version, reloaded when another one is live.

    While the database does not answer, the version held last serves what a request brings by itself; a shopper of
    whom it brings nothing gets what is popular.
    """

    def __init__(self, vectors: VectorStore, models: ModelStore, in_memory_items: int = 100_000) -> None:
        self._vectors, self._models, self._in_memory_items = vectors, models, in_memory_items
        self._held: _Held | None = None
        self._refused: str | None = None

    def recommend(self, asked: Sequence[Asked], wanted: Wanted | Sequence[Wanted]) -> list[Answer]:
        """One answer for each, in their order; one exchange with the database for all."""
        held, shoppers = self._shoppers(asked)
        return recommend(held.model, shoppers, wanted, retrieve=self._retrieve)

    def embeddings(self, asked: Sequence[Asked]) -> list[Embedding]:
        """The vector of each; of a shopper of whom nothing is known, the mean user's."""
        held, shoppers = self._shoppers(asked)
        found = []
        for shopper in shoppers:
            vector, path = shopper_vector(held.model, shopper)
            vector = held.model.prior if path == "popular" else vector
            found.append(Embedding([float(number) for number in vector], path, held.model.version))
        return found

    def for_embedding(self, embedding: Sequence[float], wanted: Wanted) -> Listing:
        """Items for a vector that the caller brings; ProfileRefusedError when it is none of the model's."""
        held, _ = self._shoppers([])
        model = held.model
        vector = np.array(embedding, dtype=np.float64)
        if vector.shape != (model.dimensions,) or not (np.abs(vector) < _LARGEST).all():
            raise ProfileRefusedError(
                f"The embedding has {len(embedding)} numbers or one beyond all measure; model {model.version} has "
                f"{model.dimensions}.",
                "Send one that /user_embeddings gave.",
                "embedding",
            )
        mask, removed = allowed(model, Shopper(), wanted)
        scaled = retrieval.normalised(model, vector[None, :].astype(np.float32))
        positions = [item for item in self._retrieve(model, scaled, mask[None, :], wanted.k)[0].tolist() if item >= 0]
        scores = retrieval.scores(model, scaled)[0]
        items = tuple(
            Recommendation(str(model.items[item]), float(scores[item]), "Near to this taste") for item in positions
        )
        return Listing(items, "embedding", model.version, shortfall(wanted.k, len(items), len(model.items), removed))

    def similar(self, product_code: str, k: int) -> Listing:
        """Items like this one; ProductUnknownError for one that the model does not know."""
        held, _ = self._shoppers([])
        try:
            items = self._similar(held, product_code, k)
        except UnknownProductError:
            raise ProductUnknownError(
                f"Model {held.model.version} knows no product {product_code!r}.",
                "Check the code; a product that is new is known after the next training.",
                "product_code",
            ) from None
        return Listing(items, "similar_items", held.model.version)

    def similar_to_browsed(self, asked: Asked, products: int, k: int) -> dict[str, tuple[Recommendation, ...]]:
        """Items like each of the products looked at last, of the version that the last answer was made with."""
        held = self._held
        if held is None:
            return {}
        known = [
            item.product_code for item in reversed(asked.history) if held.model.index(item.product_code) is not None
        ]
        return {code: self._similar(held, code, k) for code in known[:products]}

    def popular(self, wanted: Wanted) -> Answer:
        """What is popular now."""
        return self.recommend([Asked()], wanted)[0]

    def health(self) -> str:
        """The version that would answer now; raises what would go wrong."""
        return self._shoppers([])[0].model.version

    def _similar(self, held: _Held, product_code: str, k: int) -> tuple[Recommendation, ...]:
        if (product_code, k) not in held.similar:
            found = similar(held.model, product_code, k)
            held.similar[product_code, k] = tuple(item._replace(score=round(item.score, 5)) for item in found)
        return held.similar[product_code, k]

    def _shoppers(self, asked: Sequence[Asked]) -> tuple[_Held, list[Shopper]]:
        """The version to answer with, and everybody as the model wants to know them, of one moment."""
        recent: Mapping[str, tuple[Seen, ...]] = {}
        try:
            state = self._vectors.state([one.key for one in asked if one.key is not None])
        except StoreError as error:
            logger.warning("answering without the database: %s", error)
            held = self._last_held()
        else:
            recent = state.recent
            held = self._holding(state.live)
        now = datetime.now(UTC)
        return held, [_shopper(one, recent.get(one.key or "", ()), now) for one in asked]

    def _holding(self, live: LiveVersion) -> _Held:
        """The live version, loaded when it is not the one held; the one held when the live one cannot be read."""
        if self._held is not None and (self._held.live == live or self._refused == live.version):
            return self._held
        try:
            self._held = _Held(live, self._load(live))
        except (ModelMissingError, StoreError):
            if self._held is None:
                raise
            logger.exception("version %s cannot be loaded; %s goes on", live.version, self._held.live.version)
            self._refused = live.version
        else:
            logger.info("serving version %s", live.version)
            self._refused = None
            if live.in_lake:
                self._models.note_serving(live.version)
        return self._held

    def _load(self, live: LiveVersion) -> ModelVersion:
        if live.in_lake:
            return self._models.load(live.version)
        from streaming_recs.adapters.bare_model import model_from_vectors  # noqa: PLC0415 - seldom needed

        return model_from_vectors(live, self._vectors.vectors(live))

    def _last_held(self) -> _Held:
        """Without the database: what is held, or what the lake says went live last."""
        if self._held is None:
            version = self._models.last_live()
            if version is None:
                raise ModelMissingError(
                    "The database does not answer, and the lake names no version that was live.",
                    "Wait for the database, or run the job retail-train-embeddings.",
                )
            self._held = _Held(
                LiveVersion(version, "", in_lake=True, recency_weight=0.0, search_scale=1.0, ef_search=None),
                self._models.load(version),
            )
        return self._held

    def _retrieve(self, model: ModelVersion, vectors: Matrix, masks: Mask, count: int) -> Indices:
        """Exact in memory for a small catalogue, a strict filter or a database that fails; pgvector for the rest."""
        held = self._held
        if held is None or held.model is not model or len(model.items) <= self._in_memory_items or not held.live.suffix:
            return retrieval.exact(model, vectors, masks, count)
        found = np.full((len(vectors), count), -1, dtype=np.int64)
        loose = (~masks).sum(axis=1) <= _HIDDEN_FROM_INDEX
        if not loose.all():
            found[~loose] = retrieval.exact(model, vectors[~loose], masks[~loose], count)
        if loose.any():
            hidden = [np.flatnonzero(~mask).tolist() for mask in masks[loose]]
            try:
                found[loose] = self._vectors.nearest(held.live, vectors[loose], count, hidden)
            except StoreError as error:
                logger.warning("searching in memory: %s", error)
                found[loose] = retrieval.exact(model, vectors[loose], masks[loose], count)
        return found


def _shopper(asked: Asked, recent: Sequence[Seen], now: datetime) -> Shopper:
    """What the request brings goes before what the database remembers of the same product."""
    brought = {
        item.product_code: Interaction(item.product_code, item.weight, item.in_shopping_cart) for item in asked.history
    }
    remembered = (
        Interaction(
            seen.product_code, seen.weight, seen.in_cart, max(0.0, (now - seen.event_time).total_seconds() / 86_400)
        )
        for seen in recent
        if seen.product_code not in brought
    )
    return Shopper(
        asked.customer_number, asked.country, asked.city, asked.credit_limit, (*brought.values(), *remembered)
    )
