"""A stored page of the API → its transactions, every value as the text that it came as.

Plain Python on bytes: the names of an API's fields are known only when the job runs, and a number's own text is exact
where a parsed one need not be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from batch_etl.sources.api.fields import Fields, pick

WHOLE_PAGE = -1
"""Position of a page that cannot be read."""
_SCALARS = ("transaction_id", "store_id", "customer_id", "ts", "status", "total")
_OF_ITEM = ("product_id", "quantity", "price")


def transactions_of(page: str, content: bytes, fields: Fields) -> Iterator[dict[str, Any]]:
    """One row a transaction (`medallion.tables.RECEIVED`); one row with a problem for a page that cannot be read.

    page_records: how many rows the page is to make, counted before any is made.
    """
    try:
        envelope = _object(content)
        read_at = envelope["fetched_at"]
        found = _listed(_object(envelope["body"].encode()), fields)
    except (AttributeError, KeyError, RecursionError, ValueError) as problem:
        yield {
            "page": page, "position": WHOLE_PAGE, "page_records": 1, "field": "page",
            "problem": f"the page cannot be read: {type(problem).__name__}: {_storable(str(problem))}",
        }  # fmt: skip
        return
    for position, record in enumerate(found):
        yield {
            "page": page, "position": position, "page_records": len(found), "read_at": _text(read_at),
            **_transaction(record, fields),
        }  # fmt: skip


def record_of(content: bytes, position: int, fields: Fields) -> str:
    """The transaction at `position` of a stored page as JSON; the page's own text for one that cannot be read."""
    if position == WHOLE_PAGE:
        return content.decode("utf-8", "replace")
    answer = json.loads(json.loads(content)["body"], parse_constant=str)
    return json.dumps(pick(answer, fields.transactions)[position])


def _object(content: bytes) -> dict[str, Any]:
    # A number that is none (NaN) spoils its own transaction, not the page.
    found = json.loads(content.decode("utf-8"), parse_int=str, parse_float=str, parse_constant=str)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004
    return found


def _listed(answer: dict[str, Any], fields: Fields) -> list[Any]:
    found = pick(answer, fields.transactions)
    if not isinstance(found, list):
        raise ValueError(f"{fields.transactions} is not a list")  # noqa: TRY004
    return found


def _transaction(record: object, fields: Fields) -> dict[str, Any]:
    if not isinstance(record, dict):
        return {"problem": "the transaction is no JSON object", "field": fields.transactions}
    try:
        values = {name: _scalar(record, name, fields) for name in _SCALARS}
        return values | {"items": [_item(item, place, fields) for place, item in enumerate(_items(record, fields))]}
    except _Misplaced as problem:
        given = pick(record, fields.transaction_id)
        name = _text(given) if isinstance(given, str) else None
        return {"transaction_id": name, "problem": f"{problem.field} {problem}", "field": problem.field}


def _items(record: dict[str, Any], fields: Fields) -> list[Any]:
    items = pick(record, fields.items)
    if items is not None and not isinstance(items, list):
        raise _Misplaced(fields.items, "is not a list")
    return items or []


def _item(item: object, place: int, fields: Fields) -> dict[str, str | None]:
    if not isinstance(item, dict):
        raise _Misplaced(f"{fields.items}[{place}]", "is no JSON object")
    return {name: _scalar(item, name, fields) for name in _OF_ITEM}


def _scalar(record: dict[str, Any], name: str, fields: Fields) -> str | None:
    path = getattr(fields, name)
    value = pick(record, path)
    if isinstance(value, dict | list):
        raise _Misplaced(path, "is neither text nor a number")
    return _text(value)


class _Misplaced(Exception):  # noqa: N818
    def __init__(self, field: str, what: str) -> None:
        super().__init__(what)
        self.field = field


def _text(value: object) -> str | None:
    """Trimmed; None for what says nothing."""
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    return _storable(text.strip()) or None


def _storable(text: str) -> str:
    """JSON may hold halves of characters, which no table takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
