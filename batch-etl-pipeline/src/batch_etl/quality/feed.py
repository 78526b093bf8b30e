"""Which transactions of the feed are good, and why the others are not.

A record is judged by itself, by the catalogue, and by what is in the same file; the first rule that it breaks is the
one recorded. Works on whole columns: a file has as many records as its sender likes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from batch_etl.transforms.feed_transactions import MONEY, TOTAL

_TEXTS = ("transaction_id", "customer_id", "product_id", "product_name", "category")
_FIELDS = (*_TEXTS, "timestamp", "quantity", "price", "total_amount")
_LONGEST = 256
_ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$"
_QUANTITY = r"^[1-9]\d{0,5}(\.0+)?$"
_PRICE = r"^\d{1,8}(\.\d{1,2}0*)?$"
_TOTAL = r"^\d{1,16}(\.\d{1,2}0*)?$"
_FIRST = pd.Timestamp("2000-01-01", tz="UTC")
_AHEAD = pd.Timedelta(days=1)  # what clocks may be wrong by
_CORRECT = "Correct it at its source and send the transaction again."


@dataclass(frozen=True)
class Finding:
    """Why a record is not good."""

    reason: str
    field: str | None
    remedy: str = _CORRECT


UNREADABLE = Finding("is no JSON object", None, "Send one JSON object for each transaction, in UTF-8.")
CONFLICTING = Finding(
    "transaction_id was used before for another transaction",
    "transaction_id",
    "Give every transaction an id of its own.",
)


@dataclass(frozen=True)
class Judged:
    """`good`: the typed columns of those that may pass; `rows`: their indices among the records, as those of the rest.

    `repeated` say once more, word for word, what a good one says; `bad` have their finding.
    """

    good: pa.Table
    rows: list[int]
    repeated: list[int]
    bad: dict[int, Finding]


def judge(records: Sequence[dict[str, Any]], products: Collection[str], arrived: pd.Timestamp) -> Judged:
    """`products`: codes of the catalogue; `arrived`: when the file did, in UTC. Every record is in one of the four."""
    texts = {name: _text_column(records, name) for name in _FIELDS}
    typed, rules = _typed(texts, products, arrived)
    found = np.full(len(records), -1, dtype=np.int16)
    for number, (_, broken) in enumerate(rules):
        found[(found < 0) & broken] = number
    rows = np.flatnonzero(found < 0)
    good = typed.take(pa.array(rows))
    first, same = _repetitions(good)
    bad = {int(row): rules[found[row]][0] for row in np.flatnonzero(found >= 0)}
    bad |= {int(row): CONFLICTING for row in rows[~first & ~same]}
    return Judged(
        good.filter(pa.array(first)),
        rows[first].tolist(),
        rows[~first & same].tolist(),
        bad,
    )


def _text_column(records: Sequence[dict[str, Any]], name: str) -> pa.Array:
    """Text and whole numbers as text; null for everything else, which no field may be."""
    values = [
        value if type(value) is str else str(value) if type(value) is int else None
        for value in (record.get(name) for record in records)
    ]
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value if _is_unicode(value) else None for value in values], pa.string())


def _is_unicode(value: str | None) -> bool:
    """JSON can spell halves of characters."""
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        return False
    return True


def _typed(
    texts: dict[str, pa.Array], products: Collection[str], arrived: pd.Timestamp
) -> tuple[pa.Table, list[tuple[Finding, np.ndarray[Any, np.dtype[np.bool_]]]]]:
    """The columns with their types, null where the text makes none, and what each rule finds broken."""
    moment = _moments(texts["timestamp"])
    quantity = _like(texts["quantity"], _QUANTITY)
    price = _like(texts["price"], _PRICE)
    total = _like(texts["total_amount"], _TOTAL)
    typed = pa.table(
        {name: texts[name] for name in _TEXTS}
        | {
            "timestamp": pa.Array.from_pandas(moment, type=pa.timestamp("ms", tz="UTC")),
            "quantity": pc.cast(pc.replace_substring_regex(quantity, r"\.0+$", ""), pa.int32()),
            "price": _money(price, MONEY),
            "total_amount": _money(total, TOTAL),
        }
    )
    right = pc.multiply(typed["price"], pc.cast(typed["quantity"], pa.decimal128(10, 0)))
    rules = [_missing(name, texts[name]) for name in _FIELDS]
    rules += [_unfit_text(name, texts[name]) for name in _TEXTS]
    rules += [
        (Finding("timestamp is no moment such as 2026-01-31T12:30:00Z", "timestamp"), moment.isna().to_numpy()),
        (
            Finding("timestamp is before the year 2000, or in the future", "timestamp"),
            ~moment.between(_FIRST, arrived + _AHEAD).to_numpy(),
        ),
        (Finding("quantity is no whole number from 1 to 999999", "quantity"), _null(quantity)),
        (Finding("price is no amount such as 19.99", "price"), _null(price)),
        (Finding("total_amount is no amount such as 19.99", "total_amount"), _null(total)),
        (
            Finding("total_amount is not quantity times price", "total_amount"),
            ~_true(pc.equal(typed["total_amount"], right)),
        ),
        (
            Finding(
                "product_id is not in the catalogue",
                "product_id",
                "Add the product to the shop, then `retail replay-transactions`; or correct product_id.",
            ),
            ~_true(pc.is_in(texts["product_id"], pa.array(sorted(products), pa.string()))),
        ),
    ]
    return typed, rules


def _missing(name: str, texts: pa.Array) -> tuple[Finding, Any]:
    empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True)
    return Finding(f"{name} is missing", name), _true(empty)


def _unfit_text(name: str, texts: pa.Array) -> tuple[Finding, Any]:
    fit = pc.and_(pc.match_substring_regex(texts, _ONE_LINE), pc.less_equal(pc.utf8_length(texts), _LONGEST))
    return Finding(f"{name} is longer than {_LONGEST} characters, or has control characters", name), ~_true(fit)


def _like(texts: pa.Array, pattern: str) -> pa.Array:
    """The texts that fit, null for the others."""
    return pc.if_else(pc.match_substring_regex(texts, pattern), texts, pa.scalar(None, pa.string()))


def _money(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    return pc.cast(pc.replace_substring_regex(texts, r"(\.\d{2})0+$", r"\1"), kind)


def _moments(texts: pa.Array) -> pd.Series[Any]:
    moments: pd.Series[Any] = pd.to_datetime(
        _like(texts, _MOMENT).to_pandas(), format="ISO8601", utc=True, errors="coerce", cache=False
    )
    floored: pd.Series[Any] = moments.dt.floor("ms")
    return floored


def _repetitions(good: pa.Table) -> tuple[Any, Any]:
    """Which rows are the first of their id, and which say what an earlier row says in every column."""
    ids = good["transaction_id"].to_pandas()
    first = ~ids.duplicated().to_numpy(dtype=bool)
    same = np.zeros(len(first), dtype=bool)
    again = ids.isin(ids[~first]).to_numpy(dtype=bool)
    if again.any():
        rows = good.filter(pa.array(again)).to_pandas()
        same[again] = rows.duplicated().to_numpy(dtype=bool)
    return first, same


def _null(values: pa.Array) -> Any:
    return values.is_null().to_numpy(zero_copy_only=False)


def _true(values: Any) -> Any:
    """Boolean array without nulls: unknown is false."""
    filled = pc.fill_null(values, False)
    flat = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return flat.to_numpy(zero_copy_only=False)
