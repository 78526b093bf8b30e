"""A row of products with the reason for each: recommended where the function answers, else what sells."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storefront.errors import RecommendationsError
from storefront.services.catalogue import Catalogue, Product
from storefront.services.recommendations import Answer, Question, Recommender

FALLBACK = "fallback"
_WORD = re.compile(r"[\w.-]*\w")


@dataclass(frozen=True)
class Pick:
    product: Product
    reason: str


@dataclass(frozen=True)
class Shelf:
    """`path` says how the picks were found: one of the inference API's, or "fallback"."""

    picks: Sequence[Pick]
    path: str
    model_version: str | None = None


async def shelf(
    recommender: Recommender, question: Question, request_id: str, catalogue: Catalogue, fallback: Callable[[], Shelf]
) -> Shelf:
    """The answer's products that the catalogue knows; `fallback` when there is no answer or nothing known in it."""
    try:
        answer = await recommender.ask(question, request_id)
    except RecommendationsError:
        return fallback()
    found = _known(answer, catalogue)
    return found if found.picks else fallback()


def popular_shelf(catalogue: Catalogue, limit: int) -> Shelf:
    return Shelf([Pick(product, "Popular with other customers") for product in catalogue.popular(limit)], FALLBACK)


def alike_shelf(catalogue: Catalogue, product: Product, limit: int) -> Shelf:
    return Shelf([Pick(one, f"Also in {one.line}") for one in catalogue.alike(product, limit)], FALLBACK)


def _known(answer: Answer, catalogue: Catalogue) -> Shelf:
    picks = [
        Pick(catalogue.by_code[item.product_code], _in_names(item.reason, catalogue))
        for item in answer.items
        if item.product_code in catalogue.by_code
    ]
    return Shelf(picks, answer.path, answer.model_version)


def _in_names(reason: str, catalogue: Catalogue) -> str:
    """The model knows products by their codes, shoppers by their names."""
    return _WORD.sub(lambda found: named.name if (named := catalogue.by_code.get(found[0])) else found[0], reason)
