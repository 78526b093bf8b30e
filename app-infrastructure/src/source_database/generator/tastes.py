"""Who likes what: a planted low-rank preference, so that co-purchases and ratings hold something to be found.

A topic model (Blei, Ng & Jordan 2003): a customer is a mixture of K tastes, a taste a distribution over products;
p(product | customer, month) = Σₖ p(taste k | customer, month) · p(product | taste k, month). Mixtures drift with time,
and every customer has favourites that are bought again and again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from source_database.generator.catalogue import Products
from source_database.generator.columns import Floats, Ints
from source_database.generator.plan import MONTHS, Plan

TASTES = 24
FAVOURITES = 6
DRIFT = 0.25  # share of a customer's mixture that is another one at the end
FOCUS = 0.02  # of the Dirichlet: most customers have one or two tastes
STRENGTH = 2.0  # standard deviation of the log affinity


@dataclass(frozen=True)
class Tastes:
    """mixture: (2, C, K) running sums, at the start and at the end; favourites: (2, C, FAVOURITES) product indices;
    liking: (K, P) log affinity, mean 0; shelves: (K·MONTHS·P,) running sums, shelf s = month·K + taste in (s, s+1].
    """

    mixture: Floats
    favourites: Ints
    liking: Floats
    shelves: Floats

    @classmethod
    def planted(cls, plan: Plan, products: Products) -> Tastes:
        chance = plan.chance("tastes")
        count = len(products.price)
        by_line = chance.normal(0, 1, (TASTES, products.line.max() + 1))
        liking = STRENGTH * (0.5 * by_line[:, products.line] + 0.87 * chance.normal(0, 1, (TASTES, count)))
        early = chance.dirichlet(np.full(TASTES, FOCUS), plan.customers)
        late = (1 - DRIFT) * early + DRIFT * chance.dirichlet(np.full(TASTES, FOCUS), plan.customers)
        mixture = np.cumsum(np.stack([early, late]), axis=2)
        mixture /= mixture[:, :, -1:]
        tastes = cls(mixture, np.empty(0, dtype=np.int64), liking, _shelves(products.appeal, liking))
        return cls(mixture, tastes._favourites(chance, plan.customers), liking, tastes.shelves)

    def taste_of(self, customer: Ints, when: Floats, chance: np.random.Generator) -> Ints:
        """A taste drawn for each customer; `when` runs from 0 (first day) to 1 (last)."""
        late = (chance.random(len(customer)) < when).astype(np.int64)
        return np.asarray((self.mixture[late, customer] < chance.random(len(customer))[:, None]).sum(axis=1))

    def product_of(self, taste: Ints, month: Ints, chance: np.random.Generator) -> Ints:
        """A product drawn for each taste and month."""
        shelf = month * TASTES + taste
        count = self.liking.shape[1]
        return np.asarray(
            np.searchsorted(self.shelves, shelf + chance.random(len(taste)), side="right") - shelf * count
        )

    def favourite_of(self, customer: Ints, when: Floats, chance: np.random.Generator) -> Ints:
        late = (chance.random(len(customer)) < when).astype(np.int64)
        rank = np.minimum(chance.geometric(0.45, len(customer)) - 1, FAVOURITES - 1)
        return np.asarray(self.favourites[late, customer, rank])

    def stars(self, customer: Ints, product: Ints, when: Floats, chance: np.random.Generator) -> Ints:
        """Ratings of 1 to 5: the customer's liking of the product, and some mood."""
        shares = np.diff(self.mixture, axis=2, prepend=0.0)
        share = (1 - when)[:, None] * shares[0, customer] + when[:, None] * shares[1, customer]
        liked = np.einsum("nk,nk->n", share, self.liking.T[product])
        felt = 3.0 + 0.5 * liked + chance.normal(0, 0.6, len(liked))
        return np.asarray(np.clip(np.rint(felt), 1, 5), dtype=np.int64)

    def _favourites(self, chance: np.random.Generator, customers: int) -> Ints:
        everyone = np.repeat(np.arange(customers), FAVOURITES)
        sides = []
        for when, month in ((0.0, 0), (1.0, MONTHS - 1)):
            taste = self.taste_of(everyone, np.full(len(everyone), when), chance)
            drawn = self.product_of(taste, np.full(len(everyone), month), chance)
            sides.append(drawn.reshape(customers, FAVOURITES))
        return np.stack(sides)


def _shelves(appeal: Floats, liking: Floats) -> Floats:
    weights = appeal[:, None, :] * np.exp(liking)[None, :, :]
    running = np.cumsum(weights, axis=2)
    running /= running[:, :, -1:]
    running += np.arange(MONTHS * TASTES).reshape(MONTHS, TASTES, 1)
    return np.asarray(running.ravel())
