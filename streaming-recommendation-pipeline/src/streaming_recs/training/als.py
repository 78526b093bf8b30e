"""Implicit alternating least squares (Hu, Koren & Volinsky 2008) in numpy: embeddings for any catalogue size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from streaming_recs.model.version import Matrix


def implicit_als(  # noqa: PLR0913 (its hyper-parameters, by name)
    counts: csr_matrix, *, dimensions: int, ridge: float, alpha: float, iterations: int, seed: int
) -> tuple[Matrix, Matrix]:
    """Vectors of users (m, d) and items (n, d): user·item ≈ 1 where counts (m, n) > 0, confidence 1 + alpha·count."""
    draw = np.random.default_rng(seed)
    by_user, by_item = counts.tocsr(), counts.T.tocsr()
    items = draw.normal(scale=0.1, size=(counts.shape[1], dimensions))
    users = np.zeros((counts.shape[0], dimensions))
    for _ in range(iterations):
        users = least_squares(by_user, items, ridge=ridge, alpha=alpha)
        items = least_squares(by_item, users, ridge=ridge, alpha=alpha)
    users = least_squares(by_user, items, ridge=ridge, alpha=alpha)
    return users.astype(np.float32), items.astype(np.float32)


def least_squares(counts: csr_matrix, fixed: NDArray[np.float64], *, ridge: float, alpha: float) -> NDArray[np.float64]:
    """The vectors of all rows, the other side's (n, d) being fixed: (YᵀY + Yᵀ(C − I)Y + λI)⁻¹ YᵀC p, row by row."""
    base = fixed.T @ fixed + ridge * np.eye(fixed.shape[1])
    solved = np.zeros((counts.shape[0], fixed.shape[1]))
    for row in range(counts.shape[0]):
        span = slice(counts.indptr[row], counts.indptr[row + 1])
        if span.start == span.stop:
            continue
        seen = fixed[counts.indices[span]]
        extra = alpha * counts.data[span]
        precision = base + (seen.T * extra) @ seen
        solved[row] = cho_solve(cho_factor(precision, check_finite=False), seen.T @ (1 + extra), check_finite=False)
    return solved
