"""Where the fetch is in the API: a walk from a cursor to the last page, one page after the other.

Orders change after they were first read, and the API is ordered by number: nothing says which have changed. So there
are two kinds of walk. A tail walk begins at the last page of the walk before, which has become longer or full since,
and takes what is new. A full walk begins at the first page; one is due when the last one is `reread_hours` old.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from batch_etl.errors import ApiLies
from batch_etl.sources.api.page import Page

_EMPTY_PAGES = 50


class Kind(StrEnum):
    FULL = "full"
    TAIL = "tail"


@dataclass(frozen=True)
class Walk:
    """The state that is kept. `cursor`: of the page to read next, None for the first; `number`: pages stored so far.

    anchor, anchor_digest: cursor and content of a page read before, moved on at every power of two, so that a walk that
    runs in a circle of any length meets it again (Brent's cycle detection). `tail`: cursor of the last page that there
    was when a walk ended. `url`: whose cursors these are. `version`: counts the writes.
    """

    id: str
    kind: Kind
    url: str
    started_at: str
    full_started_at: str
    number: int = 0
    cursor: str | None = None
    tail: str | None = None
    anchor: str | None = None
    anchor_digest: str = ""
    last_digest: str = ""
    finished: bool = False
    broken: bool = False
    version: int = 0

    def after(self, page: Page, empty_before: int = 0) -> Walk:
        """The walk with this page stored. Raises ApiLies when the page was there before, leads back, or nowhere."""
        number = self.number + 1
        if empty_before > _EMPTY_PAGES:
            raise ApiLies(f"{_EMPTY_PAGES} pages of walk {self.id} in a row are empty, and there is no end.")
        if page.next_cursor is not None and page.next_cursor in (self.cursor, self.anchor):
            raise ApiLies(f"Page {number} of walk {self.id} leads back to a page that was read before.")
        if page.transactions and page.digest in (self.last_digest, self.anchor_digest):
            raise ApiLies(f"Page {number} of walk {self.id} has the transactions of a page that was read before.")
        power_of_two = number & (number - 1) == 0
        last = page.next_cursor is None
        return replace(
            self,
            number=number,
            cursor=page.next_cursor,
            tail=self.cursor if last else self.tail,
            anchor=self.cursor if power_of_two else self.anchor,
            anchor_digest=page.digest if power_of_two else self.anchor_digest,
            last_digest=page.digest,
            finished=last,
        )


def next_walk(known: Walk | None, url: str, now: datetime, reread_hours: int, full: bool = False) -> Walk:
    """The walk to go on with: the one under way, or a new one. One that is broken begins again from the first page."""
    begun_anew = known is None or known.url != url or known.broken
    if known is not None and not begun_anew and not known.finished and not full:
        return known
    due = full or begun_anew or _older(known, now, reread_hours)
    moment = now.astimezone(UTC).isoformat(timespec="seconds")
    return Walk(
        id=f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}",
        kind=Kind.FULL if due else Kind.TAIL,
        url=url,
        started_at=moment,
        full_started_at=moment if due or known is None else known.full_started_at,
        cursor=None if due or known is None else known.tail,
        tail=None if due or known is None else known.tail,
        version=known.version if known else 0,
    )


def _older(known: Walk | None, now: datetime, hours: int) -> bool:
    return (
        hours > 0
        and known is not None
        and now - datetime.fromisoformat(known.full_started_at) >= timedelta(hours=hours)
    )
