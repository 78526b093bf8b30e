"""`retail redshift`: the BI queries of sql/redshift, asked of Redshift Serverless by its Data API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.status import Status


def redshift(
    names: Annotated[list[str] | None, typer.Argument(help="Queries to run, by file name; all without any.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows shown of each answer.")] = 10,
    queries: Annotated[Path | None, typer.Option(help="Folder of .sql files; sql/redshift by default.")] = None,
    project: Annotated[str, typer.Option(help="Prefix of the platform's names.", envvar="TF_VAR_project")] = "retail",
) -> None:
    """Run the BI queries on Redshift Serverless and print the answers as tables, with their time."""
    import sys

    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console

    from batch_etl.analytics.questions import as_table
    from batch_etl.analytics.redshift import StatementFailed, Warehouse, read_queries, shipped_queries

    folder = queries or shipped_queries()
    known = read_queries(folder, project)
    if not known:
        raise _failed(f"{folder} holds no .sql file. Name a folder with --queries.")
    if unknown := set(names or ()) - set(known):
        raise _failed(f"{folder} has no query {', '.join(sorted(unknown))}. It has: {', '.join(known)}.")
    console, seconds = Console(width=None if sys.stdout.isatty() else 120), 0.0
    try:
        warehouse = Warehouse(boto3.client("redshift-data"), f"{project}-analytics", project)
        for name in names or known:
            question = known[name]
            with console.status(f"asking Redshift: {question.title}") as status:
                answer = warehouse.ask(question.sql, tell=_shown_on(status, question.title))
            table = as_table(question, answer, rows)
            table.caption = f"{min(rows, len(answer.rows)):,} of {len(answer.rows):,} rows, {answer.seconds:.2f} s"
            console.print(table)
            seconds += answer.seconds
    except (BotoCoreError, ClientError, StatementFailed) as error:
        raise _failed(_advice(str(error), project)) from None
    console.print(f"{len(names or known)} queries, {seconds:.1f} s in Redshift")


def _shown_on(status: Status, title: str) -> Callable[[str], None]:
    return lambda state: status.update(f"asking Redshift: {title} ({state.lower()})")


def _advice(message: str, project: str) -> str:
    """What to do about it, where that is known."""
    if "endpoint doesn't exist" in message:
        return (
            f"There is no Redshift Serverless workgroup {project}-analytics. Switch it on: in "
            "batch-etl-pipeline/terraform run `terraform apply -var 'redshift={enabled=true}'`, which costs by use."
        )
    if "does not exist" in message and "schema" in message:
        return f"{message}\nThe external schemas are made by batch-etl-pipeline/terraform: apply it again."
    if "relation" in message and "does not exist" in message:
        return f"{message}\nThe tables are written by the job {project}-etl-job: run it first."
    return message


def _failed(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
