"""Which settings of the first stage suit a shop: tried out on its own past, one knob after another.

How fast tastes change, and how much a trend weighs, differ between shops more than anything else: settings that won on
one lose to item-kNN on another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from streaming_recs.training.methods import fit_ours
from streaming_recs.training.protocol import Split, sampled, split_by_time
from streaming_recs.training.search import SEARCH_ITEMS, SEARCH_USERS, Log, recalls
from streaming_recs.training.settings import Settings
from streaming_recs.training.tables import Sources

NEVER = 1e6  # days: nothing is forgotten
KNOBS: dict[str, tuple[Any, ...]] = {
    "forget_days": (120.0, NEVER),
    "taste_days": (60.0, NEVER),
    "recency_weight": (1.0, 0.0, 5.0),
    "ridge": (30.0, 300.0),
}
"""What is tried beside the setting that a run starts with, in this order."""

_LEAST_GAIN = 1.02  # a knob that gains less stays where it is: the difference may be chance
_LEAST_USERS = 30  # test users below which nothing can be told


def tuned(sources: Sources, settings: Settings, *, seed: int, log: Log = print) -> Settings:
    """`settings`, with each knob at the value whose lists find most of what was bought later, in both protocols.

    Everything happens on the first 80 % of the time span, which is split again: a later test on the rest stays fair.
    """
    past = split_by_time(sources.interactions, most_users=1, seed=seed).train
    inner = split_by_time(sampled(past, items=SEARCH_ITEMS, users=SEARCH_USERS, seed=seed), most_users=5_000, seed=seed)
    if any(len(questions.users) < _LEAST_USERS for questions in inner.questions.values()):
        return settings
    found, best = settings, _value(settings, inner, seed)
    for knob, values in KNOBS.items():
        for value in values:
            candidate = replace(found, **{knob: value})
            reached = _value(candidate, inner, seed)
            log(f"tuning {knob} = {value:g}: {reached:.4f} beside {best:.4f}")
            if reached > best * _LEAST_GAIN:
                found, best = candidate, reached
    return found


def _value(settings: Settings, inner: Split, seed: int) -> float:
    """Truncated recall at 20 of the first stage alone, summed over the protocols."""
    rank = fit_ours(inner.train, inner.end, replace(settings, rerank=False), seed)
    return sum(recalls(rank, inner).values())
