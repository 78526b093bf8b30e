"""A page as it comes: what must be in it before it may be stored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from batch_etl.sources.api.fields import Fields, has, pick

_LONGEST_CURSOR = 4096


class PageMalformed(Exception):  # noqa: N818 - says what is the case; never leaves the package
    """The body is no page of the API; asked again it may be one."""


@dataclass(frozen=True)
class Page:
    """`digest` is that of the transactions alone: a page that comes twice has it twice, whatever its next cursor."""

    transactions: int
    next_cursor: str | None
    digest: str


def read_page(body: bytes, fields: Fields) -> Page:
    """Raises PageMalformed, saying what is wrong. What is in a transaction is judged later, one by one."""
    try:
        content = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise PageMalformed(f"the body is not JSON in UTF-8: {problem}") from None
    transactions = pick(content, fields.transactions)
    if not isinstance(transactions, list):
        raise PageMalformed(f"{fields.transactions} is not a list")
    if not has(content, fields.next_cursor):
        raise PageMalformed(f"{fields.next_cursor} is missing: null would say that this is the last page")
    cursor = pick(content, fields.next_cursor)
    if isinstance(cursor, int) and not isinstance(cursor, bool):
        cursor = str(cursor)
    if cursor is not None and (not isinstance(cursor, str) or not 0 < len(cursor) <= _LONGEST_CURSOR):
        raise PageMalformed(f"{fields.next_cursor} is neither null nor text of at most {_LONGEST_CURSOR} characters")
    digest = hashlib.sha256(json.dumps(transactions, sort_keys=True).encode()).hexdigest()
    return Page(len(transactions), cursor, digest)
