"""Product lines and products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from source_database.generator import words
from source_database.generator.columns import Floats, Ints, batch, chosen, moments, money
from source_database.generator.plan import MONTHS, Plan


@dataclass(frozen=True)
class Products:
    """What sales need to know of the products, who are sorted by code.

    code: (P,) text; line: (P,) index of the product line; price: (P,) MSRP in cents; appeal: (MONTHS, P) how much is
    sold of each in each month, 0 before its launch.
    """

    code: pa.Array
    line: Ints
    price: Ints
    appeal: Floats


def product_lines(plan: Plan) -> pa.RecordBatch:
    count = len(words.PRODUCT_LINES)
    nothing = np.zeros(count, dtype=np.int64)
    return batch(
        "productlines",
        productLine=list(words.PRODUCT_LINES),
        textDescription=[description for _, _, description in words.PRODUCT_LINES.values()],
        htmlDescription=[None] * count,
        image=[None] * count,
        updatedAt=moments(plan.first_day, nothing, nothing),
    )


def products(plan: Plan) -> tuple[pa.RecordBatch, Products]:
    """The products as a table, and as sales see them."""
    chance = plan.chance("products")
    count = plan.products
    scale = chance.integers(0, len(words.SCALES), count)
    number = 1000 + chance.permutation(9000)[:count]
    order = np.argsort([f"S{words.SCALES[s]}_{n}" for s, n in zip(scale, number, strict=True)])
    scale, number = scale[order], number[order]
    line = chance.choice(len(words.PRODUCT_LINES), count, p=[0.34, 0.12, 0.11, 0.08, 0.04, 0.1, 0.21])
    price = np.clip(np.exp(chance.normal(4.5, 0.45, count)), 20, 260)
    cents = np.rint(price * 100).astype(np.int64)
    codes = pa.array([f"S{words.SCALES[s]}_{n}" for s, n in zip(scale, number, strict=True)])
    zeros = np.zeros(count, dtype=np.int64)
    table = batch(
        "products",
        productCode=codes,
        productName=_names(chance, line),
        productLine=chosen(list(words.PRODUCT_LINES), line),
        productScale=[f"1:{words.SCALES[s]}" for s in scale],
        productVendor=chosen(words.VENDORS, chance.integers(0, len(words.VENDORS), count)),
        productDescription=chosen(words.DESCRIPTIONS, chance.integers(0, len(words.DESCRIPTIONS), count)),
        quantityInStock=chance.integers(0, 9999, count),
        buyPrice=money(np.rint(cents * chance.uniform(0.42, 0.7, count)).astype(np.int64)),
        MSRP=money(cents),
        updatedAt=moments(plan.first_day, zeros, zeros),
    )
    return table, Products(codes, line, cents, _appeal(plan, line))


def _names(chance: np.random.Generator, line: Ints) -> list[str]:
    kinds = list(words.PRODUCT_LINES.values())
    years, makes, models = chance.integers(1903, 2004, len(line)), *chance.integers(0, 1 << 20, (2, len(line)))
    return [
        f"{year} {kinds[k][0][make % len(kinds[k][0])]} {kinds[k][1][model % len(kinds[k][1])]}"
        for k, year, make, model in zip(line, years, makes, models, strict=True)
    ]


def _appeal(plan: Plan, line: Ints) -> Floats:
    """Zipf popularity × life cycle × the season of the product line; every product sells a little once launched."""
    chance = plan.chance("appeal")
    count = len(line)
    popularity = 1 / (chance.permutation(count) + 3.0) ** 0.6
    launch = np.where(chance.random(count) < 0.85, -chance.integers(0, 48, count), chance.integers(1, MONTHS, count))
    half_life = chance.uniform(8, 60, count)
    month = np.arange(MONTHS)[:, None]
    age = month - launch
    life = np.where(age >= 0, 0.5 + 0.5 * np.exp2(-np.maximum(age, 0) / half_life), 0.0)
    peak = chance.uniform(0, 12, len(words.PRODUCT_LINES))[line]
    season = 1 + 0.35 * np.cos(2 * np.pi * (month + plan.first_day.month - peak) / 12)
    whims = np.exp(chance.normal(0, 0.15, (MONTHS, count)))
    return np.asarray(popularity * life * season * whims)
