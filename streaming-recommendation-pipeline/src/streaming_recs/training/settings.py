"""The knobs of a training run, and what decides between the methods."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Defaults are those that won on the inner split of a real shop's year; `retail evaluate` searches around them."""

    dimensions: int = 32
    ridge: float = 100.0  # λ of the closed form
    dropout: float = 0.3  # p of the closed form
    forget_days: float = 60.0  # how fast a purchase stops telling which items go together
    taste_days: float = 120.0  # how fast a purchase stops telling what its buyer likes
    recency_days: float = 7.0
    recency_weight: float = 3.0
    prior_weight: float = 0.1  # κ of the fold-in
    neighbour_ridge: float = 300.0
    companion_ridge: float = 100.0
    companion_days: float = 90.0
    neighbours: int = 100
    rerank: bool = True
    rounds: int = 100  # at most; fewer where there is little to learn from
    boosters: int = 1  # seeds averaged, of each objective
    als_ridge: float = 0.1
    als_alpha: float = 1.0
    als_iterations: int = 10
