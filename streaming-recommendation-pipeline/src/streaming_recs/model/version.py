"""A model version: everything that one training run hands to serving, as one immutable value of plain arrays.

Symbols: n items, m users, d = 32 trained dimensions, v an item's vector, u a user's.
The score of an item for a user is u·v + recency_weight·recency, an exact inner product of d + 1 dimensions.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 32

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]
Indices = NDArray[np.int64]


class ModelFormatError(ValueError):
    """The bytes are no model version, or its arrays do not fit each other; the message names the array."""


@dataclass(frozen=True)
class Attributes:
    """What filters and cold items need to know of each item, in the order of ModelVersion.items."""

    product_line: NDArray[np.str_]  # (n,) "" where unknown
    price: NDArray[np.float64]  # (n,) in the shop's currency, NaN where unknown
    in_stock: NDArray[np.bool_]  # (n,)


@dataclass(frozen=True)
class Histories:
    """What each trained user did, one row per user and item, users' rows side by side (CSR): rows of user j are
    starts[j]:starts[j + 1]. Ages are days before the training data ends."""

    starts: Indices  # (m + 1,)
    item: NDArray[np.int32]  # (rows,) index into ModelVersion.items
    weight: NDArray[np.float32]  # (rows,) what it says of the user's taste: 1, or what the user's rating makes of it
    times: NDArray[np.float32]  # (rows,) baskets (days) that held the item
    first_age: NDArray[np.float32]  # (rows,)
    last_age: NDArray[np.float32]  # (rows,)
    quantity: NDArray[np.float32]  # (rows,) mean log(1 + quantity)

    def rows(self, user: int) -> slice:
        """The rows of one user (its position)."""
        return slice(int(self.starts[user]), int(self.starts[user + 1]))


@dataclass(frozen=True)
class Neighbours:
    """Each item's nearest items, best first; an index of -1 pads short rows."""

    item: NDArray[np.int32]  # (n, k)
    weight: NDArray[np.float32]  # (n, k), 0 where it pads

    @cached_property
    def column(self) -> NDArray[np.intp]:
        """(n, k) `item` as NumPy indexes by it; what pads a row is 0 and has no weight."""
        return np.maximum(self.item, 0).astype(np.intp)


@dataclass(frozen=True, eq=False)
class Trees:
    """A re-ranker as exported trees: its score is the sum of the leaves that a row of features reaches.

    Compared as the object it is, so that `streaming_recs.model.reranking`, which scores it, can keep it prepared;
    serving needs no LightGBM."""

    features: NDArray[np.str_]  # (f,) names, in the order the trees index them
    roots: NDArray[np.int32]  # (t,) first node of each tree
    feature: NDArray[np.int32]  # (nodes,) the feature a node asks for; 0 in a leaf
    threshold: NDArray[np.float32]  # (nodes,) go left when value <= threshold; infinity in a leaf
    left: NDArray[np.int32]  # (nodes,) the next node; a leaf leads to itself
    right: NDArray[np.int32]  # (nodes,)
    value: NDArray[np.float32]  # (nodes,) what a leaf adds; 0 in an inner node
    depth: NDArray[np.int32]  # () steps that reach a leaf in every tree


@dataclass(frozen=True)
class ModelVersion:
    """One trained model. Arrays are aligned with `items` (sorted product codes) or with `users` (sorted)."""

    version: str  # "20261121T123456Z-ab12cd34": UTC time of training and a digest of the content
    items: NDArray[np.str_]  # (n,)
    item_vectors: Matrix  # (n, d) v, what pgvector stores
    input_vectors: Matrix  # (n, d) w, what one interaction with the item adds to a user's vector
    recency: Vector  # (n,) z-score of the item's decayed sales
    recency_weight: float
    popularity: Vector  # (n,) distinct buyers
    gram: Matrix  # (d, d) of the item vectors
    prior: Vector  # (d,) the mean user
    prior_weight: float  # kappa: the prior counts as this many interactions of a shopper
    ridge: float  # lambda of the fold-in
    users: NDArray[np.int64]  # (m,)
    user_vectors: Matrix  # (m, d)
    place_priors: dict[str, Vector]  # "country" and "country|city" to the mean user there, lower case
    credit_edges: Vector  # (c - 1,) inner edges of the credit limit's bands, empty when unknown
    credit_priors: Matrix  # (c, d) the mean user of each band
    attributes: Attributes
    histories: Histories
    item_signals: Matrix  # (n, p) by streaming_recs.model.features.ITEM_SIGNALS
    user_signals: Matrix  # (m, q) by streaming_recs.model.features.USER_SIGNALS
    neighbours: Neighbours  # who bought this buys that
    companions: Neighbours  # what lies in the same baskets lately
    discovery: Trees | None = None  # re-ranks items that are new to the shopper
    replenishment: Trees | None = None  # re-ranks when items already bought may be shown
    metrics: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)  # snapshot ids, rows, end of data (ISO 8601 UTC)

    def __post_init__(self) -> None:
        n, m, d = len(self.items), len(self.users), self.gram.shape[0]
        shapes: dict[str, tuple[int, ...]] = {
            "item_vectors": (n, d), "input_vectors": (n, d), "recency": (n,), "popularity": (n,),
            "gram": (d, d), "prior": (d,), "user_vectors": (m, d), "item_signals": (n, self.item_signals.shape[-1]),
            "user_signals": (m, self.user_signals.shape[-1]),
        }  # fmt: skip
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ModelFormatError(
                    f"Model {self.version}: {name} has shape {getattr(self, name).shape}, not {shape}. Train it again."
                )
        if np.any(self.items[1:] <= self.items[:-1]) or np.any(self.users[1:] <= self.users[:-1]):
            raise ModelFormatError(f"Model {self.version}: items and users must be sorted and unique. Train it again.")

    @property
    def dimensions(self) -> int:
        """d, the trained dimensions (recency apart)."""
        return int(self.gram.shape[0])

    @cached_property
    def _position(self) -> dict[str, int]:
        return {code: index for index, code in enumerate(self.items.tolist())}

    @cached_property
    def _user_position(self) -> dict[int, int]:
        return {user: index for index, user in enumerate(self.users.tolist())}

    @cached_property
    def unit_vectors(self) -> Matrix:
        """(n, d) the item vectors, each of length 1; a zero vector stays zero."""
        unit: Matrix = self.item_vectors / np.maximum(np.linalg.norm(self.item_vectors, axis=1, keepdims=True), 1e-12)
        return unit

    def index(self, product_code: str) -> int | None:
        """Position of the item in every (n, …) array; None for a product the model does not know."""
        return self._position.get(product_code)

    def user_index(self, customer_number: int) -> int | None:
        """Position of the user in every (m, …) array; None for a shopper who was not trained."""
        return self._user_position.get(customer_number)

    def to_bytes(self) -> bytes:
        """One npz archive, without pickle; `from_bytes` is its inverse."""
        arrays: dict[str, NDArray[Any]] = {}
        header: dict[str, Any] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name == "place_priors":
                arrays["place_priors.place"] = np.array(sorted(value), dtype=np.str_)
                arrays["place_priors.vector"] = _stacked([value[place] for place in sorted(value)], self.dimensions)
            elif isinstance(value, np.ndarray):
                arrays[entry.name] = value
            elif entry.name in _GROUPS and value is not None:
                parts = fields(_GROUPS[entry.name])
                arrays |= {f"{entry.name}.{part.name}": getattr(value, part.name) for part in parts}
            else:
                header[entry.name] = value
        buffer = io.BytesIO()
        arrays["header"] = np.array(json.dumps(header))
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # no array is named allow_pickle
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> ModelVersion:
        """Raises ModelFormatError when the content is no such archive."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            # A version from before ratings weighed is still served, and compared with, until the next one takes over.
            arrays.setdefault("histories.weight", np.ones_like(arrays["histories.times"]))
            header = json.loads(str(arrays.pop("header")))
            values = {name: value for name, value in arrays.items() if "." not in name}
            places = arrays["place_priors.place"].tolist()
            values["place_priors"] = dict(zip(places, arrays["place_priors.vector"], strict=True))
            for name, group in _GROUPS.items():
                parts = {part.name: arrays.get(f"{name}.{part.name}") for part in fields(group)}
                if any(part is not None for part in parts.values()):
                    values[name] = group(**parts)
            return cls(**header, **values)
        except ModelFormatError:
            raise
        except Exception as error:
            raise ModelFormatError(
                f"These bytes are no model version ({error}). Train and publish it again."
            ) from error


_GROUPS: dict[str, type[Any]] = {
    "attributes": Attributes,
    "histories": Histories,
    "neighbours": Neighbours,
    "companions": Neighbours,
    "discovery": Trees,
    "replenishment": Trees,
}


def _stacked(vectors: list[Vector], dimensions: int) -> Matrix:
    return np.array(vectors, dtype=np.float32).reshape(len(vectors), dimensions)
