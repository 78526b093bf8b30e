"""`retail simulate`: a week of trade in minutes, with every count reconciled."""

from __future__ import annotations

from typing import Annotated

import typer


def simulate(
    days: Annotated[int, typer.Option(min=1, max=366, help="Days simulated.")] = 7,
    first_day: Annotated[
        str | None, typer.Option(help="The first of them, such as 2026-01-31; by default the last one is yesterday.")
    ] = None,
    orders_per_day: Annotated[int, typer.Option(min=0, max=2000, help="Orders placed in the shop, page by page.")] = 20,
    files_per_day: Annotated[
        int, typer.Option(min=0, max=1000, help="Store files of 200 rows; the last of each day is sent twice.")
    ] = 3,
    clicks_per_day: Annotated[int, typer.Option(min=0, max=1_000_000, help="Browse events on the stream.")] = 300,
    transactions_per_day: Annotated[
        int, typer.Option(min=0, max=100_000, help="Transactions that the feed's generator makes.")
    ] = 500,
    bad_share: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Part of store files' rows and feed's transactions that is bad.")
    ] = 0.05,
    rate: Annotated[
        float, typer.Option(min=0.0, help="Days a minute, at most; 0: as fast as the platform takes them.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed draws the same week.")] = 7,
    run: Annotated[bool, typer.Option("--run/--no-run", help="Carry on what was sent, or only send it.")] = True,
    nightly: Annotated[
        bool, typer.Option("--nightly/--no-nightly", help="Run retail-etl-job too, which takes the orders to the star.")
    ] = True,
    patience: Annotated[float, typer.Option(min=1.0, help="Seconds that a job or an arrival may take.")] = 900.0,
    project: Annotated[str, typer.Option(help="Prefix of the platform's names.", envvar="TF_VAR_project")] = "retail",
) -> None:
    """Drive **all sources at once**, carry on what they sent, and hold what arrived against what was sent.

    *Store files* (CSV, JSON, XLSX) are dropped in the landing bucket, *orders* are placed in the shop as its visitors
    do, *clicks* go onto the stream, and the *transaction feed*'s generator is called for the simulated times. Some
    records are bad and some are sent twice, on purpose. Then retail-api-fetch reads the shop's API to its end, and
    bronze-to-silver, silver-to-gold, warehouse-load and (unless --no-nightly) retail-etl-job run once; store files and
    feed are seen to by themselves.

    At the end stands one table: on one side what this command sent, by its own count, on the other what Athena
    answers. Sent = silver + quarantined + sent twice, and gold has what is good, to the cent. Exit code 1 when
    anything is lost, doubled or late; then it says where to look.

    The shop dates an order with today, whatever day is simulated, and takes about ten requests a second of one visitor.

    A day to try it:  retail simulate --days 1 --no-nightly

    Ten times the week:  retail simulate --orders-per-day 200 --files-per-day 30 --clicks-per-day 3000

    A steady trickle to look at:  retail simulate --rate 1 --no-run
    """
    import os
    import sys

    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console

    from batch_etl.analytics.athena import QueryFailed
    from batch_etl.errors import SimulationError
    from batch_etl.simulation.plan import drawn
    from batch_etl.simulation.platform import Manner, simulation
    from batch_etl.simulation.view import reconciliation_table
    from batch_etl.simulation.week import sent_lines

    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        plan = drawn(
            days, first_day, orders=orders_per_day, files=files_per_day, clicks=clicks_per_day,
            transactions=transactions_per_day, bad_share=bad_share, seed=seed,
        )  # fmt: skip
        simulated = simulation(plan, project, os.environ, Manner(patience, rate, nightly), console)
        lines = simulated.run(carry=run)
    except (BotoCoreError, ClientError, QueryFailed, SimulationError) as error:
        raise _failed(str(error)) from None
    if not run:
        typer.echo("\n".join(sent_lines(simulated.sources.all())))
        return
    console.print(reconciliation_table(lines))
    wrong = [f"{line.source}, {line.figure}: {line.verdict}" for line in lines if line.verdict]
    if wrong or simulated.problems:
        raise _failed("\n".join([*simulated.problems, *wrong]))
    typer.echo(f"Nothing lost, nothing doubled: {plan.run}")


def _failed(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
