"""What one click changes: a shopper's list before and after, beside the list of somebody who did not click."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from streaming_recs.adapters.event_sink import EventSink
from streaming_recs.adapters.inference_client import InferenceClient, InferenceFailedError
from streaming_recs.events import BrowsedItem, BrowseEvent, shopper_key

if TYPE_CHECKING:
    from rich.console import Console

    from streaming_recs.operations import Platform

_WAIT_SECONDS, _POLL_SECONDS = 20.0, 0.02
_DEEP = 100  # how far down a list ranks are looked up
_NEIGHBOURS = 10


@dataclass(frozen=True)
class ClickTrial:
    """Product codes, best first; `neighbours` are the items most like the clicked one."""

    shopper: int
    control: int
    clicked: str
    neighbours: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    control_before: tuple[str, ...]
    control_after: tuple[str, ...]
    seconds: float
    shown: int

    @property
    def risen(self) -> bool:
        """The neighbours stand higher than before, and the control's list says what it said."""
        return mean_rank(self.after, self.neighbours) < mean_rank(self.before, self.neighbours)

    @classmethod
    def run(cls, platform: Platform, customer: int | None, limit: int) -> ClickTrial | None:
        """Click once, and wait until the shopper's list has changed; raises InferenceFailedError when it does not.

        None where the live version answers everybody with what is popular.
        """
        stream, function = platform.parameters("events/stream_name", "inference/function_name")
        client = InferenceClient(platform.aws("lambda"), function)
        shopper, control = _two_customers(platform, customer)
        answer = _answer(client, shopper)
        if answer["path"] == "popular":
            return None
        before, control_before = _codes(answer), _items(client, control)
        clicked = _unlike(client, before, _seen(platform, shopper))
        neighbours = _codes(client.get(f"/items/{clicked}/similar", limit=_NEIGHBOURS))
        began = time.perf_counter()
        EventSink(platform.aws("kinesis"), stream).send([_click(shopper, clicked)])
        after, seconds = _changed(client, shopper, before, began)
        return cls(
            shopper,
            control,
            clicked,
            neighbours,
            before,
            after,
            control_before,
            _items(client, control),
            seconds,
            limit,
        )


def mean_rank(items: Sequence[str], wanted: Sequence[str]) -> float:
    """Mean place of `wanted` among `items`, 1 being best; an absent one counts as just behind the last."""
    place = {code: rank for rank, code in enumerate(items, start=1)}
    return sum(place.get(code, len(items) + 1) for code in wanted) / max(1, len(wanted))


def print_trial(trial: ClickTrial, console: Console) -> None:
    """Both shoppers' lists side by side; neighbours of the clicked product are marked."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        "", f"{trial.shopper} before", f"{trial.shopper} after", f"{trial.control} before", f"{trial.control} after",
        title=f"Customer {trial.shopper} clicks {trial.clicked}; customer {trial.control} does not",
    )  # fmt: skip
    lists = (trial.before, trial.after, trial.control_before, trial.control_after)
    for rank in range(min(trial.shown, *map(len, lists))):
        cells = (f"[bold]{code} ◀[/]" if code in trial.neighbours else code for code in (one[rank] for one in lists))
        table.add_row(str(rank + 1), *cells)
    table.add_section()
    table.add_row("mean rank ◀", *(f"{mean_rank(one, trial.neighbours):.1f}" for one in lists))
    console.print(table)
    console.print(
        f"◀ is like {trial.clicked}. The list changed {trial.seconds * 1000:.0f} ms after the click was sent."
    )


def _two_customers(platform: Platform, customer: int | None) -> tuple[int, int]:
    with platform.connect() as connection:
        rows = connection.execute("SELECT id FROM user_emb ORDER BY id").fetchall()
    known = [int(row[0]) for row in rows]
    if len(known) < 2 or (customer is not None and customer not in known):
        raise InferenceFailedError(
            f"The live model has {len(known):,} trained customers" + (f", and not {customer}." if customer else "."),
            "Train and load a model first: retail-train-embeddings, then retail load-vectors.",
        )
    shopper = known[0] if customer is None else customer
    return shopper, next(one for one in known if one != shopper)


def _items(client: InferenceClient, customer: int) -> tuple[str, ...]:
    return _codes(_answer(client, customer))


def _answer(client: InferenceClient, customer: int) -> dict[str, Any]:
    return client.get(f"/users/{customer}/recommendations", limit=_DEEP)


def _codes(answer: dict[str, Any]) -> tuple[str, ...]:
    return tuple(item["product_code"] for item in answer["items"])


def _seen(platform: Platform, customer: int) -> set[str]:
    """The products that serving remembers of the customer: looking at one of them again says nothing new."""
    with platform.connect() as connection:
        rows = connection.execute(
            "SELECT DISTINCT product FROM recent_interactions WHERE shopper = %s", (shopper_key(customer, ""),)
        ).fetchall()
    return {row[0] for row in rows}


def _unlike(client: InferenceClient, listed: Sequence[str], seen: set[str]) -> str:
    """Of what is popular and was not looked at lately, the product that stands furthest down the shopper's list."""
    popular = _codes(client.get("/popular", limit=_DEEP))
    place = {code: rank for rank, code in enumerate(listed)}
    return max([code for code in popular if code not in seen] or popular, key=lambda code: place.get(code, -1))


def _click(customer: int, product: str) -> BrowseEvent:
    return BrowseEvent(
        schema_version=1, event_id=str(uuid.uuid4()), session_id=f"click-{uuid.uuid4()}", customer_number=customer,
        event_time=datetime.now(UTC), browse_history=[BrowsedItem(product_code=product, quantity=1)],
    )  # fmt: skip


def _changed(
    client: InferenceClient, customer: int, before: tuple[str, ...], began: float
) -> tuple[tuple[str, ...], float]:
    while time.perf_counter() - began < _WAIT_SECONDS:
        if (after := _items(client, customer)) != before:
            return after, time.perf_counter() - began
        time.sleep(_POLL_SECONDS)
    raise InferenceFailedError(
        f"The list of customer {customer} is what it was {_WAIT_SECONDS:.0f} s after the click.",
        "See the log group /aws/lambda/retail-profile-updater, and the alarm on its iterator's age.",
    )
