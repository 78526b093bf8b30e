"""`retail questions` and `retail reconcile`: what the lake answers, and whether it agrees with the source."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer


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
    """Count the source in MySQL and the lake in Athena, side by side; exit 1 when they differ without a quarantine.

    MYSQL_URL (from `make env` or `make tunnel`) says where the source is, SOURCE_CA_BUNDLE who signed its certificate.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
    from rich.console import Console

    from batch_etl.analytics.athena import QueryFailed, ask
    from batch_etl.analytics.reconciliation import FIGURES, LAKE_SQL, QUARANTINE_SQL, compare
    from batch_etl.errors import EtlError

    names = {"gold": f"{project}_gold", "bronze": f"{project}_bronze"}
    try:
        athena = boto3.client("athena")
        lake = ask(athena, LAKE_SQL.format(**names), workgroup=f"{project}-analytics").rows[0]
        aside = ask(athena, QUARANTINE_SQL.format(**names), workgroup=f"{project}-analytics").rows
        source = _source_figures(project)
    except (BotoCoreError, ClientError, QueryFailed, EtlError) as error:
        raise _failed(str(error)) from None
    rows = compare(source, dict(zip(FIGURES, map(Decimal, lake), strict=True)))
    console = Console()
    console.print(_comparison_table(rows))
    for table, records in aside:
        console.print(f"{records:,} records of {table} are quarantined: {names['bronze']}.quarantine says why")
    if any(row.difference for row in rows) and not aside:
        raise _failed("The lake differs from the source. Has the source changed since the last run of retail-etl-job?")


def _source_figures(project: str) -> dict[str, Decimal]:
    """The source's figures, read as its reader user over verified TLS."""
    import boto3

    from batch_etl.analytics.reconciliation import FIGURES, SOURCE_SQL
    from batch_etl.sources.mysql import Source, open_snapshot
    from batch_etl.sources.secret import read_login

    wanted = [f"/{project}/source/{name}" for name in ("endpoint", "port", "database", "reader_secret_arn")]
    found: dict[str, Any] = {
        str(parameter["Name"]).rpartition("/")[2]: parameter["Value"]
        for parameter in boto3.client("ssm").get_parameters(Names=wanted)["Parameters"]
    }
    if len(found) < len(wanted):
        raise _failed(f"/{project}/source/… is not in Parameter Store. Apply app-infrastructure/terraform first.")
    tunnel = urlsplit(os.environ.get("MYSQL_URL", ""))
    source = Source(
        host=tunnel.hostname or found["endpoint"],
        port=tunnel.port or int(found["port"]),
        database=found["database"],
        ca=Path(os.environ.get("SOURCE_CA_BUNDLE", "build/ca/source-ca.pem")),
        read_login=read_login(boto3.client("secretsmanager"), found["reader_secret_arn"]),
    )
    with open_snapshot(source) as snapshot:
        row = snapshot.one(SOURCE_SQL)
    return {name: Decimal((value or b"0").decode()) for name, value in zip(FIGURES, row, strict=True)}


def _comparison_table(rows: list[Any]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table("figure", "source (MySQL)", "lake (Athena)", "difference", box=box.SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        mark = "0" if not row.difference else f"[red]{row.difference:,}[/]"
        table.add_row(row.figure.replace("_", " "), f"{row.source:,}", f"{row.lake:,}", mark)
    return table
