"""Where an API's answers have what; the storefront's own API by default."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

from batch_etl.errors import OptionError


@dataclass(frozen=True)
class Fields:
    """Names in an answer; dots go deeper (`data.orders`). An empty name: the API has no such thing.

    transactions, next_cursor: in the page; next_cursor is null on the last one.
    items and what comes before it: in a transaction. `store_id` empty: all are one store's, whose name the job is told.
    `total` empty: nothing to hold the items' sum against. product_id, quantity, price: in an item.
    """

    transactions: str = "transactions"
    next_cursor: str = "next_cursor"
    transaction_id: str = "order_number"
    store_id: str = ""
    customer_id: str = "customer_number"
    ts: str = "order_date"
    status: str = "status"
    total: str = "total"
    items: str = "items"
    product_id: str = "product_code"
    quantity: str = "quantity"
    price: str = "price"

    @classmethod
    def from_json(cls, text: str) -> Fields:
        """From an object of the names that differ from the storefront's. Raises OptionError."""
        known = {field.name for field in fields(cls)}
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        if not isinstance(given, dict) or not all(isinstance(name, str) for name in given.values()):
            raise OptionError("api_fields", text, 'Give a JSON object of names, such as {"ts": "created_at"}.')
        if strange := sorted(set(given) - known):
            raise OptionError("api_fields", text, f"{', '.join(strange)}: none of {', '.join(sorted(known))}.")
        return cls(**given)


def pick(record: object, path: str) -> Any:
    """What stands at `path`; None where there is nothing."""
    if not path:
        return None
    for name in path.split("."):
        if not isinstance(record, dict) or name not in record:
            return None
        record = record[name]
    return record


def has(record: object, path: str) -> bool:
    """Whether `path` is there, be it null."""
    *outer, last = path.split(".")
    holder = pick(record, ".".join(outer)) if outer else record
    return isinstance(holder, dict) and last in holder
