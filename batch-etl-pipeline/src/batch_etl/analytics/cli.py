"""`retail questions` and `retail reconcile`: what the lake answers, and whether it agrees with the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from batch_etl.analytics.reconciliation import Comparison


def questions(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Ask just the questions whose title has this in it; repeatable.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows shown of each answer.")] = 10,
    project: Annotated[str, typer.Option(help="Prefix of the platform's names.", envvar="TF_VAR_project")] = "retail",
) -> None:
    """Ask Athena the named queries of the workgroup and print the answers, their time and the bytes scanned."""
    import sys

    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console

    from batch_etl.analytics.athena import Answer, QueryFailed, ask
    from batch_etl.analytics.questions import as_table, named_questions, total

    workgroup, answers = f"{project}-analytics", list[Answer]()
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        athena = boto3.client("athena")
        for question in named_questions(athena, workgroup):
            if _wanted(question.title, only):
                with console.status(f"asking Athena: {question.title}"):
                    answers.append(ask(athena, question.sql, workgroup=workgroup, database=question.database))
                console.print(as_table(question, answers[-1], rows))
    except (BotoCoreError, ClientError, QueryFailed) as error:
        raise _failed(str(error)) from None
    if not answers:
        raise _failed(f"Workgroup {workgroup} has no such named query. Apply batch-etl-pipeline/terraform first.")
    console.print(total(answers))


def _wanted(title: str, only: list[str] | None) -> bool:
    return not only or any(part.lower() in title.lower() for part in only)


def _failed(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def reconcile(
    project: Annotated[str, typer.Option(help="Prefix of the platform's names.", envvar="TF_VAR_project")] = "retail",
) -> None:
    """Count the source in MySQL, the lake in Athena and its quarantine; exit 1 when they do not come to the same.

    MYSQL_URL (from `make env` or `make tunnel`) says where the source is, SOURCE_CA_BUNDLE who signed its certificate.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console

    from batch_etl.analytics import reconciliation
    from batch_etl.analytics.athena import QueryFailed, ask
    from batch_etl.errors import EtlError
    from batch_etl.sources.mysql import open_snapshot
    from batch_etl.sources.registered import registered_source

    try:
        athena = boto3.client("athena")
        source = registered_source(project, boto3.client("ssm"), boto3.client("secretsmanager"))
        counting = Console(stderr=True).status("counting the source in MySQL and the lake in Athena")
        with counting, open_snapshot(source) as snapshot:
            rows = reconciliation.reconcile(
                snapshot.one,
                lambda query: ask(athena, query, workgroup=f"{project}-analytics").rows[0],
                project=project,
            )
    except (BotoCoreError, ClientError, QueryFailed, EtlError) as error:
        raise _failed(str(error)) from None
    Console().print(_comparison_table(rows))
    if any(row.quarantined for row in rows):
        typer.echo(f"{project}_bronze.quarantine names every record set aside, its reason and the remedy.")
    if any(row.difference for row in rows):
        raise _failed("The lake differs from the source. Has the source changed since the last run of retail-etl-job?")


def _comparison_table(rows: list[Comparison]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table("figure", "source (MySQL)", "lake (Athena)", "quarantined", "difference", box=box.SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        mark = "0" if not row.difference else f"[red]{row.difference:,}[/]"
        table.add_row(row.figure.replace("_", " "), f"{row.source:,}", f"{row.lake:,}", f"{row.quarantined:,}", mark)
    return table
