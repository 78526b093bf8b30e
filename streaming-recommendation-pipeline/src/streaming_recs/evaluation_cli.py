"""`retail evaluate`: our recommender beside its rivals, on anybody's purchases."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

METRICS = ("recall_at_20", "ndcg_at_10", "ndcg_at_100", "mrr", "coverage", "train_seconds")
_WIDTH = 130  # of a table that goes to a file or a pipe


def evaluate(
    interactions: Annotated[Path, typer.Option(help="Parquet or CSV with columns user, item, ts, qty.")],
    output: Annotated[Path | None, typer.Option(help="Write the report here as JSON.")] = None,
    seed: Annotated[int, typer.Option(help="Everything that is drawn follows from it.")] = 0,
    trials: Annotated[int, typer.Option(min=1, help="Tuning trials of each method.")] = 4,
) -> None:
    """Measure our recommender beside popularity, item-kNN, EASE, ALS and others on a split in time."""
    # NumPy, SciPy, Arrow and LightGBM: only when something is measured, so that `retail --help` stays quick.
    from streaming_recs.training.evaluation import Effort, TooLittleDataError
    from streaming_recs.training.evaluation import evaluate as run
    from streaming_recs.training.reading import InteractionsError, read_interactions

    console = Console(stderr=True)
    if output is not None and not output.parent.is_dir():
        raise typer.BadParameter(f"its folder does not exist; create {output.parent} first", param_hint="--output")
    try:
        rows = read_interactions(interactions)
        report = run(
            rows,
            seed=seed,
            effort=Effort(trials=trials),
            log=lambda line: console.print(line, highlight=False, soft_wrap=True),
        )
    except (InteractionsError, TooLittleDataError) as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from error
    page = Console(width=None if sys.stdout.isatty() else _WIDTH)
    for protocol, measured in report["protocols"].items():
        page.print(shown(protocol, measured, report["data"]))
    if output is not None:
        output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def shown(protocol: str, measured: dict[str, dict[str, Any]], data: dict[str, Any]) -> Table:
    """One protocol as a table, the best recall first."""
    title = f"{protocol} items, {data['test_users'][protocol]:,} test users; recall_at_20 is hits / min(20, |truth|)"
    table = Table("method", METRICS[0], "95 % interval", *METRICS[1:], title=title)
    for name, values in sorted(measured.items(), key=lambda entry: -entry[1]["recall_at_20"]):
        low, high = values["recall_at_20_interval"]
        figures = [f"{values[metric]:.4f}" for metric in METRICS[1:-1]]
        interval = f"{low:.4f}–{high:.4f}"
        table.add_row(name, f"{values['recall_at_20']:.4f}", interval, *figures, f"{values['train_seconds']:.1f}")
    return table
