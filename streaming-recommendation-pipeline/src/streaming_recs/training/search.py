"""The same number of tuning trials for every method, on the inner split alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from streaming_recs.training.baselines import Parameters
from streaming_recs.training.methods import Method, Rank
from streaming_recs.training.metrics import scored
from streaming_recs.training.protocol import PROTOCOLS, Split

SEARCH_ITEMS = 4_000  # most sold items that a search looks at: an inverse of more is too dear to try out
SEARCH_USERS = 10_000  # drawn users that a search looks at

Log = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """One setting and the truncated recall at 20 it reached on the inner split, by protocol."""

    parameters: Parameters
    recall: dict[str, float]


@dataclass(frozen=True)
class Search:
    """All trials of one method, in their order."""

    trials: list[Trial] = field(default_factory=list)

    def best(self, protocol: str | None = None) -> Parameters:
        """The winner of one protocol, or of both together; the earlier one when two are equal."""
        return max(self.trials, key=lambda trial: _value(trial, protocol)).parameters

    def as_json(self) -> list[dict[str, Any]]:
        return [{"parameters": dict(trial.parameters), "recall_at_20": trial.recall} for trial in self.trials]


def _value(trial: Trial, protocol: str | None) -> float:
    return trial.recall[protocol] if protocol else sum(trial.recall.values())


def search(  # noqa: PLR0913 (what is searched, how long, and where the log goes)
    name: str, method: Method, inner: Split, *, trials: int, seed: int, log: Log
) -> Search:
    """Fits `trials` settings drawn from the method's space; fewer when the space has no more."""
    found = Search()
    for parameters in draws(method.space, trials, seed):
        rank = method.fit(inner.train, inner.end, parameters, seed)
        recall = recalls(rank, inner)
        found.trials.append(Trial(parameters, recall))
        log(f"search {name} {_shown(parameters)}: " + ", ".join(f"{p} {value:.4f}" for p, value in recall.items()))
    return found


def recalls(rank: Rank, split: Split) -> dict[str, float]:
    """Mean truncated recall at 20 of each protocol; 0 where nobody is asked: then the first trial wins."""
    found = {}
    for protocol, questions in split.questions.items():
        lists = rank(questions.users, PROTOCOLS[protocol])
        values = scored(lists, questions.truth, len(split.train.items)).values["recall_at_20"]
        found[protocol] = float(values.mean()) if len(values) else 0.0
    return found


def draws(space: Mapping[str, tuple[Any, ...]], trials: int, seed: int) -> list[dict[str, Any]]:
    """The space's first values, then distinct random settings of it, `trials` in all."""
    sizes = [len(values) for values in space.values()]
    drawn = np.random.default_rng(seed).permutation(int(np.prod(sizes)))
    numbers = [0, *(number for number in drawn.tolist() if number != 0)][:trials]
    at = [np.unravel_index(number, sizes) for number in numbers]
    return [{name: values[i] for (name, values), i in zip(space.items(), place, strict=True)} for place in at]


def _shown(parameters: Parameters) -> str:
    return " ".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in parameters.items()
    )
