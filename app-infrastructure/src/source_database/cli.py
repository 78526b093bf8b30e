"""`retail load-source`, `retail source-report` and `retail shop-tables`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from source_database.errors import SourceError

if TYPE_CHECKING:
    from source_database.connection import Source
    from source_database.dump.loader import CheckedDump
    from source_database.generator.plan import Plan

# The heavy imports stand inside the functions, so that `retail --help` stays quick.
Url = Annotated[
    str | None,
    typer.Option(
        help="mysql://user:password@host:port/database[?ssl-ca=FILE]; without it: EXTERNAL_MYSQL_URL, then what "
        "Terraform wrote to SSM, then MYSQL_URL with MYSQL_CNF.",
        show_default=False,
    ),
]
Project = Annotated[
    str, typer.Option(envvar=["RETAIL_PROJECT", "TF_VAR_project"], help="Terraform's variable `project`.")
]
_told = Console(stderr=True)


def load_source(
    orders: Annotated[
        int | None, typer.Option("--orders", min=1, help="Generate this many order lines.", show_default=False)
    ] = None,
    dump: Annotated[
        Path | None, typer.Option("--dump", help="Load a dump of classicmodels instead.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other rows; the same one makes the same.")] = 42,
    through: Annotated[str, typer.Option(help="Last day of the three years of generated orders.")] = "2025-12-31",
    replace: Annotated[bool, typer.Option("--replace", help="Drop rows that this command did not write.")] = False,
    url: Url = None,
    project: Project = "retail",
) -> None:
    """Fill the **source database** (MySQL): generated to any size, or from a dump of yours.

    `retail load-source --orders 10000` makes 10,000 order lines with customers, products, payments and ratings.

    `retail load-source --dump mysqlsampledatabase.sql` loads the well-known sample.

    Readers see the old tables until the new ones are complete. Nothing is overwritten that this command did not write.
    """
    if (orders is None) == (dump is None):
        raise typer.BadParameter("give either --orders N or --dump FILE")
    with _errors_explained():
        from source_database.addresses import find_source

        if dump is not None:
            from source_database.dump.loader import check_dump

            checked = check_dump(dump)  # before anything is asked of a database
            _load_dump(find_source(url, project), checked, replace)
        elif orders is not None:
            from source_database.generator.plan import Plan, last_day

            plan = Plan(orders, seed, last_day(through))
            _generate(find_source(url, project), plan, replace)


def source_report(url: Url = None, project: Project = "retail") -> None:
    """Print the source's own figures: what the lake must account for, to the cent."""
    with _errors_explained():
        from source_database.addresses import find_source

        _report(find_source(url, project))


def shop_tables(url: Url = None, project: Project = "retail") -> None:
    """Make the storefront's own tables in a **source database** that `retail load-source` has not filled.

    The shop takes orders once they are there. Running it again changes nothing; load-source does the same.
    """
    with _errors_explained():
        from source_database.addresses import find_source
        from source_database.shop_tables import set_up_shop

        source = find_source(url, project)
        with source.connect(source.address.database) as connection:
            set_up_shop(connection)
    _told.print(f"The storefront's tables are in {source.address.database} at {source.address}.")


def _generate(source: Source, plan: Plan, replace: bool) -> None:
    from source_database.mysql_writer import load_generated

    with _progress() as progress:
        task = progress.add_task("order lines", total=plan.lines)

        def advance(table: str, rows: int) -> None:
            progress.update(task, advance=rows if table == "orderdetails" else 0, description=f"loading {table}")

        report = load_generated(source, plan, replace=replace, progress=advance)
        progress.update(task, completed=plan.lines, description="order lines")
    if report.already_there:
        written = "; others have written since, and keep what they wrote" if report.written_since else ""
        _told.print(f"Already there: {plan.lines:,} order lines, seed {plan.seed}{written}.")
    _report(source)


def _load_dump(source: Source, dump: CheckedDump, replace: bool) -> None:
    from source_database.dump.loader import load_dump

    with _progress() as progress:
        task = progress.add_task(dump.path.name, total=dump.path.stat().st_size)

        def advance(done: int, doing: str) -> None:
            progress.update(task, completed=done, description=doing[:40].replace("[", r"\["))

        report = load_dump(source, dump, replace=replace, progress=advance)
    for note in report.notes:
        _told.print(f"note: {note}", markup=False)
    _report(source)


def _report(source: Source) -> None:
    from source_database.reconciliation import figures

    with source.connect(source.address.database) as connection:
        found = figures(connection)
    table = Table(title=f"Source database {source.address.database} at {source.address}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, rows in found.pop("tables").items():
        table.add_row(f"rows of {name}", f"{rows:,}")
    table.add_section()
    for name, value in found.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    Console().print(table)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<40}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=_told,
        transient=True,
    )


@contextmanager
def _errors_explained() -> Iterator[None]:
    """Our errors end the command with what happened and what to do, without a traceback."""
    show: Callable[..., None] = _told.print
    try:
        yield
    except SourceError as error:
        show(f"error: {error.message}", style="bold red", markup=False, highlight=False)
        show(f"  {error.remedy}", markup=False, highlight=False)
        sys.exit(1)
