"""`retail stream-shoppers`, `show-click` and `deliveries`: the stream at work, to be watched."""

from __future__ import annotations

from typing import Annotated

import typer

from streaming_recs.terminal import Project, console, errors_explained, platform_of


def stream_shoppers(
    visits: Annotated[int, typer.Option(min=1, help="Orders to replay, the latest first.")] = 300,
    rate: Annotated[float, typer.Option(min=1, help="Events a second, at most.")] = 200,
    seed: Annotated[int, typer.Option(help="Order of the visitors.")] = 7,
    project: Project = "retail",
) -> None:
    """Replay the latest orders of the lake as shoppers who browse: **events** go to the stream, answers come back.

    Shows events a second, how long an answer of `retail-inference` takes meanwhile, and the paths it used.
    """
    from streaming_recs.replayed_day import replay_visits, visits_of_lake

    with errors_explained():
        replay_visits(platform_of(project), visits_of_lake(project, visits), rate, seed, console())


def show_click(
    customer: Annotated[int | None, typer.Option(help="Who clicks; the first trained customer when not given.")] = None,
    limit: Annotated[int, typer.Option(min=5, max=100, help="Items compared.")] = 10,
    project: Project = "retail",
) -> None:
    """One **click**, and the shopper's list before and after it, beside a shopper who did not click.

    Exit 1 when the neighbours of the clicked product did not rise.
    """
    from streaming_recs.click import ClickTrial, print_trial

    with errors_explained():
        trial = ClickTrial.run(platform_of(project), customer, limit)
    if trial is None:
        typer.echo("Popularity serves: the promotion gate found no model that does better, so a click moves no list.")
        return
    print_trial(trial, console())
    if not trial.risen:
        typer.secho("The clicked product's neighbours did not rise.", fg="red", err=True)
        raise typer.Exit(1)


def deliveries(
    events: Annotated[int, typer.Option(min=1, help="Events to wait for.")] = 1,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait; Firehose buffers a minute or so.")] = 180,
    project: Project = "retail",
) -> None:
    """What was **delivered** to the lake, by path and model version. Exit 1 when fewer events came than waited for."""
    from streaming_recs.deliveries import as_table, delivered

    with errors_explained(), console().status("waiting for Firehose to deliver"):
        rows = delivered(project, events, wait)
    console().print(as_table(rows))
    if rows["events"].sum() < events:
        typer.secho(f"{rows['events'].sum():,} of {events:,} events are there after {wait:g} s.", fg="red", err=True)
        typer.echo("  See the error prefix of retail-recommendations in the lake bucket, and its log group.", err=True)
        raise typer.Exit(1)
