"""Ours beside its rivals on one file of interactions: split, search, fit, measure, report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from streaming_recs.training.interactions import Interactions
from streaming_recs.training.methods import Method, Rank, methods
from streaming_recs.training.metrics import scored
from streaming_recs.training.protocol import PROTOCOLS, Split, sampled, split_by_time
from streaming_recs.training.search import SEARCH_ITEMS, SEARCH_USERS, Log, Search, search

OURS = ("ours", "ours_retrieval_only")


class TooLittleDataError(ValueError):
    """The interactions hold nobody whom the protocol could ask about."""


@dataclass(frozen=True)
class Effort:
    """What an evaluation may cost."""

    trials: int = 4
    most_users: int = 5_000  # test users asked about in each protocol


def evaluate(
    interactions: Interactions, *, seed: int, effort: Effort | None = None, log: Log = print
) -> dict[str, Any]:
    """The report {"data", "protocols", "search", "left_out"} of every method. Raises TooLittleDataError."""
    effort = effort or Effort()
    outer = split_by_time(interactions, most_users=effort.most_users, seed=seed)
    if any(len(questions.users) == 0 for questions in outer.questions.values()):
        raise TooLittleDataError(
            "No user bought 5 items in the first 80 % of the time span and a further one later. Give a longer history."
        )
    searched_on = sampled(outer.train, items=SEARCH_ITEMS, users=SEARCH_USERS, seed=seed)
    inner = split_by_time(searched_on, most_users=effort.most_users, seed=seed)
    report: dict[str, Any] = {
        "data": described(interactions, outer, inner, seed, effort), "protocols": {name: {} for name in PROTOCOLS},
        "search": {}, "left_out": {},
    }  # fmt: skip
    searched: dict[str, Search] = {}
    for name, method in sorted(methods().items(), key=lambda entry: entry[0] == "ours"):
        if method.most_items is not None and len(outer.train.items) > method.most_items:
            report["left_out"][name] = f"needs a dense matrix of {len(outer.train.items):,} items squared"
            log(f"{name} is left out: it {report['left_out'][name]}; it takes {method.most_items} at most.")
            continue
        # Both of ours share one first stage, hence one search; the second stage is not tuned.
        source = "ours_retrieval_only" if name in OURS else name
        if source not in searched:
            searched[source] = search(source, method, inner, trials=effort.trials, seed=seed, log=log)
        report["search"][name] = searched[source].as_json()
        summaries = measured(name, method, searched[source], outer, seed)
        for protocol, summary in summaries.items():
            report["protocols"][protocol][name] = summary
            recall, ndcg = summary["recall_at_20"], summary["ndcg_at_100"]
            log(f"{name} {protocol}: recall_at_20 {recall:.4f} ndcg_at_100 {ndcg:.4f}")
    return report


def measured(name: str, method: Method, found: Search, outer: Split, seed: int) -> dict[str, dict[str, Any]]:
    """The summary of each protocol. A rival takes each protocol's own best setting; ours serves both with one model."""
    fitted: dict[str, tuple[Rank, float]] = {}
    summaries = {}
    for protocol, questions in outer.questions.items():
        parameters = found.best(None if name in OURS else protocol)
        key = str(parameters)
        if key not in fitted:
            started = time.perf_counter()
            rank = method.fit(outer.train, outer.end, parameters, seed)
            fitted[key] = rank, time.perf_counter() - started
        rank, seconds = fitted[key]
        lists = rank(questions.users, PROTOCOLS[protocol])
        result = scored(lists, questions.truth, len(outer.train.items))
        summaries[protocol] = result.summary(seed) | {"train_seconds": seconds, "parameters": dict(parameters)}
    return summaries


def described(interactions: Interactions, outer: Split, inner: Split, seed: int, effort: Effort) -> dict[str, Any]:
    """What was measured on, so that a figure can be repeated."""
    return {
        "rows": len(interactions), "users": len(interactions.users), "items": len(interactions.items),
        "train_rows": len(outer.train), "test_rows": outer.test_rows,
        "train_users": len(outer.train.users), "train_items": len(outer.train.items),
        "test_users": {name: len(questions.users) for name, questions in outer.questions.items()},
        "search_users": len(inner.train.users), "search_items": len(inner.train.items),
        "span_days": float(interactions.day[-1] - interactions.day[0]), "seed": seed, "trials": effort.trials,
    }  # fmt: skip
