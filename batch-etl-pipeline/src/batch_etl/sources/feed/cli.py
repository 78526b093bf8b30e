"""`retail latest-transactions` and `retail replay-transactions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

Project = Annotated[str, typer.Option(help="Prefix of the platform's names.", envvar="TF_VAR_project")]


def latest_transactions(
    day: Annotated[str | None, typer.Option(help="A day in UTC, such as 2026-01-31; by default today.")] = None,
    most: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Transactions shown.")] = 10,
    project: Project = "retail",
) -> None:
    """Show the latest transactions of the feed, and the totals of their day, from DynamoDB: no query is run."""
    from datetime import UTC, datetime

    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console

    from batch_etl.sources.feed.latest import Latest

    wanted = day or f"{datetime.now(UTC):%Y-%m-%d}"
    latest = Latest(boto3.client("dynamodb"), f"{project}-latest-transactions", keep_days=1)
    try:
        rows, total = latest.of_day(wanted, most), latest.total(wanted)
    except (BotoCoreError, ClientError) as error:
        raise _failed(f"{latest.table} cannot be read: {error}") from None
    console = Console()
    console.print(_as_table(rows))
    figures = f"{total['transactions']:,} transactions, {total['quantity']:,} pieces, {total['revenue']:,.2f} in all"
    console.print(f"{wanted}: {figures}")


def replay_transactions(
    day: Annotated[str | None, typer.Option(help="Only what was quarantined on this day; by default all.")] = None,
    project: Project = "retail",
) -> None:
    """Send the quarantined records of the transaction feed once more, after the catalogue was put right."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from batch_etl.sources.feed.landing import Landing
    from batch_etl.sources.feed.replay import replay

    try:
        ssm, s3 = boto3.client("ssm"), boto3.client("s3")
        lake, landing = (
            ssm.get_parameter(Name=f"/{project}/lake/{role}_bucket")["Parameter"]["Value"]
            for role in ("lake", "landing")
        )
        done = list(replay(s3, lake, Landing(s3, landing), f"dt={day}/" if day else ""))
    except (BotoCoreError, ClientError) as error:
        raise _failed(
            f"The quarantine was not replayed to its end: {error} What was sent counts once; run it again."
        ) from None
    for one in done:
        typer.echo(f"{one.key}: {one.records} sent again, {one.left} are no records and stay")
    typer.echo(f"{sum(one.records for one in done)} transactions sent again")


def _as_table(rows: Sequence[dict[str, Any]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table("time (UTC)", "transaction", "customer", "product", "quantity", "price", "total", box=box.SIMPLE_HEAD)
    for column in table.columns[4:]:
        column.justify = "right"
    for row in rows:
        table.add_row(
            row["timestamp"], row["transaction_id"], row["customer_id"], row["product_name"], f"{row['quantity']}",
            f"{row['price']:,.2f}", f"{row['total_amount']:,.2f}",
        )  # fmt: skip
    return table


def _failed(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
