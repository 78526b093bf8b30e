"""Linear item-item models in closed form, all from one Gram matrix G = XᵀX of the binary interactions X (m, n).

EASE: Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data". Its low-rank form with dropout (DLAE):
Steck 2020, "Autoencoders that don't overfit towards the Identity". Item-kNN: Deshpande & Karypis 2004.
They need G dense: n² numbers, so up to DENSE_LIMIT items.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, eigh, inv
from scipy.sparse import csc_matrix, csr_matrix, diags
from scipy.sparse.linalg import LinearOperator, eigsh

from streaming_recs.model.version import Matrix, Neighbours

DENSE_LIMIT = 20_000
_CHUNK = 1024
_SMALL = 256  # items up to which all eigenvectors cost nothing

Gram = NDArray[np.float32]


def gram(interactions: csr_matrix) -> Gram:
    """G = XᵀX (n, n), dense."""
    return np.asarray((interactions.T @ interactions).toarray(), dtype=np.float32)


def low_rank(co_counts: Gram, *, ridge: float, dropout: float, dimensions: int) -> tuple[Matrix, Matrix]:
    """Item vectors V (n, d), top eigenvectors of G(G + Λ)⁻¹G, and input vectors W = (G + Λ)⁻¹GV (n, d).

    Λ = ridge·I + p/(1 − p)·diag G. A user's vector is the sum of W over the user's items, a score V·user.
    """
    count = len(co_counts)
    penalised = co_counts.copy()
    penalised[np.diag_indices(count)] += ridge + dropout / (1 - dropout) * np.diagonal(co_counts)
    factor = cho_factor(penalised, overwrite_a=True, check_finite=False)

    def explained(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cho_solve(factor, co_counts @ vectors, check_finite=False))

    vectors = _top_eigenvectors(lambda vector: co_counts @ explained(vector), count, min(dimensions, count))
    inputs = explained(vectors)
    missing = ((0, 0), (0, dimensions - vectors.shape[1]))  # fewer items than dimensions: the rest is zero
    return np.pad(vectors, missing), np.pad(inputs, missing).astype(np.float32)


def _top_eigenvectors(
    product: Callable[[NDArray[np.float32]], NDArray[np.float32]], count: int, kept: int
) -> NDArray[np.float32]:
    """The eigenvectors (count, kept) of the largest eigenvalues of a symmetric product, largest first, signs fixed."""
    if count <= _SMALL:
        full = product(np.eye(count, dtype=np.float32))
        _, vectors = eigh((full + full.T) / 2)
    else:
        operator = LinearOperator((count, count), matvec=product, dtype=np.float32)
        start = np.ones(count, dtype=np.float32)  # ARPACK's own start is random
        _, vectors = eigsh(operator, k=kept, which="LA", v0=start, ncv=3 * kept, tol=1e-4)
    vectors = vectors[:, ::-1][:, :kept]
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    return np.ascontiguousarray(vectors * signs, dtype=np.float32)


def ease(co_counts: Gram, *, ridge: float) -> Gram:
    """B (n, n) with a zero diagonal; scores are X·B. Works in one copy of G: at 20,000 items that is 1.6 GB."""
    precision = co_counts.copy()
    precision[np.diag_indices(len(precision))] += ridge
    # Symmetric, so its transpose is the same matrix in the order that LAPACK overwrites in place.
    weights = inv(precision.T, overwrite_a=True, check_finite=False)
    weights /= -np.diagonal(weights).copy()
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, dtype=np.float32)


def nearest(weights: Gram, k: int) -> Neighbours:
    """The k largest positive weights of each row."""
    kept = min(k, weights.shape[1])
    item = np.full((len(weights), kept), -1, dtype=np.int32)
    value = np.zeros((len(weights), kept), dtype=np.float32)
    for start in range(0, len(weights) if kept else 0, _CHUNK):
        rows = weights[start : start + _CHUNK]
        top = np.argpartition(-rows, kept - 1, axis=1)[:, :kept]
        order = np.argsort(-np.take_along_axis(rows, top, axis=1), axis=1, kind="stable")
        top = np.take_along_axis(top, order, axis=1)
        best = np.take_along_axis(rows, top, axis=1)
        item[start : start + _CHUNK] = np.where(best > 0, top, -1)
        value[start : start + _CHUNK] = np.maximum(best, 0)
    return Neighbours(item, value)


def sparse_neighbours(interactions: csr_matrix, k: int, *, shrink: float = 0.0) -> Neighbours:
    """The k nearest items by TF-IDF cosine, for catalogues of any size: G is made a block of rows at a time.

    shrink: common users that a pair must have before its cosine is taken at its word, as a soft count.
    """
    weighted = tf_idf_rows(interactions)
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=0)).ravel())
    unit = csc_matrix(weighted @ diags(1 / (length + shrink + 1e-12)))
    parts = []
    for start in range(0, unit.shape[1], _CHUNK):
        similarity = np.asarray((unit[:, start : start + _CHUNK].T @ unit).toarray(), dtype=np.float32)
        rows = np.arange(len(similarity))
        similarity[rows, start + rows] = 0
        parts.append(nearest(similarity, k))
    return Neighbours(np.vstack([part.item for part in parts]), np.vstack([part.weight for part in parts]))


def tf_idf_rows(interactions: csr_matrix) -> csr_matrix:
    """X with each user's row weighted by log(1 + n / items of the user): one who buys everything says little."""
    items, each = interactions.shape[1], np.diff(interactions.indptr)
    return csr_matrix(diags(np.log1p(items / np.maximum(each, 1)).astype(np.float32)) @ interactions)


def as_matrix(near: Neighbours) -> csr_matrix:
    """(n, n) with the neighbours' weights, zero elsewhere."""
    known = near.item >= 0
    rows = np.nonzero(known)[0]
    return csr_matrix((near.weight[known], (rows, near.item[known])), shape=(len(near.item), len(near.item)))
