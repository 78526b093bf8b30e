"""Sales of a bookstore as the files that it would send: CSV, JSON and XLSX in turn, some of their rows bad."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl import Workbook

ROWS = 200
COLUMNS = ("title", "price", "age_group", "genre", "book_id", "transaction_id")
_BOOKS = {
    "Fiction": ("The Alchemist", "Middlemarch", "The Left Hand of Darkness"),
    "Self-Help": ("Think Like a Monk", "Atomic Habits"),
    "History": ("The Silk Roads", "SPQR", "The Guns of August"),
    "Children": ("Momo", "The Moomins and the Great Flood"),
}
_AGES = ("teens", "20s", "30s", "40s", "50s", "60s")
_DAMAGE: tuple[dict[str, str | None], ...] = (
    {"price": "free"}, {"price": "-12.50"}, {"price": "1,234.56"}, {"transaction_id": None}, {"title": None},
)  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True)
class BookFile:
    """`amount`: the sum of the good rows' prices."""

    name: str
    content: bytes
    good: int
    bad: int
    amount: Decimal


def book_file(label: str, number: int, bad: int, chance: random.Random) -> BookFile:
    """The file named `label` of ROWS rows, so many of them bad; `number` decides on its format.

    `label` stands in the ids of the sales, which are so the file's own.
    """
    rows = [_sale(f"T{label}-{place:04d}", chance) for place in range(ROWS)]
    damaged = chance.sample(rows, bad)
    amount = sum((row["price"] for row in rows), Decimal(0)) - sum((row["price"] for row in damaged), Decimal(0))
    for turn, row in enumerate(damaged):
        row.update(_DAMAGE[turn % len(_DAMAGE)])
    ending, written = _FORMATS[number % len(_FORMATS)]
    return BookFile(f"{label}{ending}", written(rows), ROWS - bad, bad, amount)


def _sale(transaction: str, chance: random.Random) -> Row:
    genre = chance.choice(list(_BOOKS))
    return {
        "title": chance.choice(_BOOKS[genre]),
        "price": Decimal(chance.randrange(499, 5999)) / 100,
        "age_group": chance.choice(_AGES),
        "genre": genre,
        "book_id": f"B{chance.randrange(100_000, 999_999)}",
        "transaction_id": transaction,
    }


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _json(rows: Sequence[Row]) -> bytes:
    return json.dumps(rows, default=str, indent=1).encode()


def _xlsx(rows: Sequence[Row]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("sales")
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([row[name] for name in COLUMNS])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


_FORMATS: tuple[tuple[str, Callable[[Sequence[Row]], bytes]], ...] = (
    (".csv", _csv), (".json", _json), (".xlsx", _xlsx),
)  # fmt: skip
