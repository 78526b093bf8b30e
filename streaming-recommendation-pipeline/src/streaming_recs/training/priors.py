"""The mean user of everybody, of a country, of a city, of a band of credit limits: where a cold shopper starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.version import Matrix, Vector
from streaming_recs.training.interactions import coded
from streaming_recs.training.tables import Customers

_BANDS = 5
_MINIMUM = 5  # users below which a place's mean says more about them than about the place
_SHRINKAGE = 20.0  # a place's mean counts as much as the wider one from this many users on


@dataclass(frozen=True)
class Priors:
    """Mean users (d,), those of small groups shrunk towards the wider group."""

    everybody: Vector
    places: dict[str, Vector]
    credit_edges: Vector
    credit: Matrix

    @classmethod
    def of(cls, user_vectors: Matrix, users: NDArray[np.int64], customers: Customers) -> Priors:
        everybody = mean_user(user_vectors)
        at = coded(customers.number, users)
        known = np.flatnonzero(at >= 0)
        directions, at = _directions(user_vectors[known]), at[known]
        places: dict[str, Vector] = {}
        countries = np.char.lower(np.char.strip(customers.country[at])) if len(at) else np.empty(0, dtype="<U1")
        cities = np.char.lower(np.char.strip(customers.city[at])) if len(at) else np.empty(0, dtype="<U1")
        scale = float(np.linalg.norm(user_vectors, axis=1).mean()) if len(user_vectors) else 0.0
        for country in np.unique(countries[countries != ""]):
            here = countries == country
            wide = _shrunk(directions[here] * scale, everybody)
            if np.count_nonzero(here) >= _MINIMUM:
                places[str(country)] = wide
            for city in np.unique(cities[here & (cities != "")]):
                there = here & (cities == city)
                if np.count_nonzero(there) >= _MINIMUM:
                    places[f"{country}|{city}"] = _shrunk(directions[there] * scale, wide)
        edges, bands = _credit(directions * scale, customers.credit_limit[at], everybody)
        return cls(everybody, places, edges, bands)


def mean_user(user_vectors: Matrix) -> Vector:
    """(d,) the mean of the users' directions at their mean length: no heavy buyer speaks for the others."""
    if len(user_vectors) == 0:
        return np.zeros(user_vectors.shape[1], dtype=np.float32)
    length = np.linalg.norm(user_vectors, axis=1).mean()
    return np.asarray(_directions(user_vectors).mean(axis=0) * length, dtype=np.float32)


def _directions(vectors: Matrix) -> Matrix:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _shrunk(vectors: Matrix, wider: Vector) -> Vector:
    return np.asarray((vectors.sum(axis=0) + _SHRINKAGE * wider) / (len(vectors) + _SHRINKAGE), dtype=np.float32)


def _credit(vectors: Matrix, limits: NDArray[np.float64], everybody: Vector) -> tuple[Vector, Matrix]:
    known = np.isfinite(limits)
    if np.count_nonzero(known) < _BANDS * _MINIMUM:
        return np.empty(0, dtype=np.float32), everybody[None, :].copy()
    edges = np.unique(np.quantile(limits[known], np.linspace(0, 1, _BANDS + 1)[1:-1])).astype(np.float32)
    band = np.searchsorted(edges, limits[known])
    return edges, np.array([_shrunk(vectors[known][band == b], everybody) for b in range(len(edges) + 1)])
