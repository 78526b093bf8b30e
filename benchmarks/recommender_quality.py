"""Our recommender beside its rivals on a real shop's purchases: three windows, three seeds, and cold shoppers.

    python benchmarks/recommender_quality.py --interactions interactions.parquet --windows 1 .85 .7 --seeds 0 1 2
    python benchmarks/recommender_quality.py            a small generated shop: shows the table, proves no quality

The file has columns user, item, ts, qty (UCI Online Retail, Chen et al. 2012, is what the targets were set on). Each
window ends at a share of the time span and is evaluated by `retail evaluate`'s own function: train on its first 80 %,
search on the inner 80/20 split, test once. Cold shoppers are held out whole: five items of theirs are shown, the rest
is the truth.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rivals.cold_start import cosine_mean, recent_popularity, retrained_als
from rivals.planted_shop import planted_shop
from streaming_recs.model.recommend import Stages, ranked
from streaming_recs.model.retrieval import best
from streaming_recs.model.shopper import Interaction, Shopper, Wanted
from streaming_recs.model.version import Indices, Matrix, ModelVersion
from streaming_recs.training.evaluation import Effort, evaluate
from streaming_recs.training.interactions import Interactions, coded
from streaming_recs.training.protocol import TRAIN_SHARE
from streaming_recs.training.reading import read_interactions
from streaming_recs.training.settings import Settings
from streaming_recs.training.train import train

TARGETS = {"new": {1.0: 0.150, 0.85: 0.150, 0.70: 0.178}, "all": {1.0: 0.350, 0.85: 0.365, 0.70: 0.392}}
COLD_TARGET = 0.096
COLD_SHARE = 0.25  # of the users, held out whole
SHOWN = 5
console = Console(width=None if sys.stdout.isatty() else 130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--windows", type=float, nargs="+", default=[1.0])
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    real = options.interactions is not None
    rows = read_interactions(options.interactions) if real else planted_shop(60_000, users=1_500, items=800)
    reports: list[dict[str, Any]] = []
    for share in options.windows:
        window = ending_at(rows, share)
        for seed in options.seeds:
            started = time.perf_counter()
            report = evaluate(window, seed=seed, effort=Effort(trials=options.trials), log=lambda line: None)
            report |= {"window": share, "cold": cold_shoppers(window, seed), "seconds": time.perf_counter() - started}
            reports.append(report)
            show(report)
            if options.output is not None:
                options.output.write_text(json.dumps(reports, indent=1), encoding="utf-8")
    if real:
        summary(reports)


def ending_at(rows: Interactions, share: float) -> Interactions:
    """The interactions of the first `share` of the time span."""
    start, last = float(rows.day[0]), float(rows.day[-1])
    return rows.between(-np.inf, start + share * (last - start))


def cold_shoppers(window: Interactions, seed: int) -> dict[str, float]:
    """Recall at 20 (hits / |truth|) of shoppers held out whole: their first five items after the cut are shown."""
    cut = float(window.day[0]) + TRAIN_SHARE * float(window.day[-1] - window.day[0])
    held = np.random.default_rng(seed).random(len(window.users)) < COLD_SHARE
    rest = window.where((window.day <= cut) & ~held[window.user])
    model = train(rest, seed=seed, settings=Settings(rerank=False, neighbours=0), end=cut)
    sessions = list(first_items(window.where((window.day > cut) & held[window.user]), model))
    seen, truth = [items[:SHOWN] for items in sessions], [set(items[SHOWN:].tolist()) for items in sessions]
    shoppers = [Shopper(recent=tuple(Interaction(code) for code in model.items[items].tolist())) for items in seen]
    wanted = [Wanted(k=20, exclude=frozenset(model.items[items].tolist())) for items in seen]
    ours = [one.items for one in ranked(model, shoppers, wanted, Stages(rerank=False))]
    rivals = {
        "retrained ALS": retrained_als(rest, seen, seed=seed),
        "recent popularity": recent_popularity(model, seen),
        "cosine mean": cosine_mean(model, seen),
    }
    lists = {"ours (MAP fold-in)": ours} | {name: hiding(scores, seen) for name, scores in rivals.items()}
    return {"test_users": float(len(seen))} | {name: recall(items, truth) for name, items in lists.items()}


def first_items(session: Interactions, model: ModelVersion) -> Iterator[Indices]:
    """Each shopper's distinct items that the model knows, in the order they were first bought; more than five."""
    position = coded(model.items, session.items)[session.item]
    for user in range(len(session.users)):
        items = position[(session.user == user) & (position >= 0)]
        _, first = np.unique(items, return_index=True)
        if len(first) > SHOWN:
            yield items[np.sort(first)]


def hiding(scores: Matrix, hidden: list[Indices]) -> list[Indices]:
    scores = scores.astype(np.float32)
    for row, items in enumerate(hidden):
        scores[row, items] = -np.inf
    return list(best(scores, 20))


def recall(lists: list[Indices], truth: list[set[int]]) -> float:
    """Mean of hits among 20 / |truth|."""
    pairs = zip(lists, truth, strict=True)
    return float(np.mean([sum(item in wanted for item in items.tolist()) / len(wanted) for items, wanted in pairs]))


def show(report: dict[str, Any]) -> None:
    title = f"window {report['window']:.0%}, seed {report['data']['seed']}, {report['seconds']:.0f} s"
    table = Table("method", "new R20m", "new N100", "all R20m", "all N100", title=title)
    for name in report["protocols"]["new"]:
        figures = []
        for protocol in ("new", "all"):
            values = report["protocols"][protocol][name]
            low, high = values["recall_at_20_interval"]
            figures += [f"{values['recall_at_20']:.4f} ({low:.3f}–{high:.3f})", f"{values['ndcg_at_100']:.4f}"]
        table.add_row(name, *figures)
    console.print(table)
    console.print("cold at 5 items, R20: " + ", ".join(f"{name} {value:.4f}" for name, value in report["cold"].items()))


def summary(reports: list[dict[str, Any]]) -> None:
    table = Table("window", "protocol", "ours, mean of seeds", "target", "reached", title="Targets")
    for share in sorted({report["window"] for report in reports}, reverse=True):
        mine = [report for report in reports if report["window"] == share]
        for protocol, targets in TARGETS.items():
            mean = float(np.mean([report["protocols"][protocol]["ours"]["recall_at_20"] for report in mine]))
            target = targets.get(share, float("nan"))
            table.add_row(f"{share:.0%}", protocol, f"{mean:.4f}", f"{target:.3f}", "yes" if mean >= target else "NO")
        cold = float(np.mean([report["cold"]["ours (MAP fold-in)"] for report in mine]))
        table.add_row(
            f"{share:.0%}", "cold", f"{cold:.4f}", f"{COLD_TARGET:.3f}", "yes" if cold >= COLD_TARGET else "NO"
        )
    console.print(table)


if __name__ == "__main__":
    main()
