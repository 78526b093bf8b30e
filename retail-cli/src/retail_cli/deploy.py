"""`retail deploy` and `retail destroy`: every Terraform root, in order, wherever the environment points."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from retail_cli import leftovers
from retail_cli.checkout import ROOTS, CheckoutError, checkout, project
from retail_cli.terraform import Root, TerraformError

stderr = Console(stderr=True)
FAILURES = (CheckoutError, TerraformError, BotoCoreError, ClientError)


def deploy(
    roots: Annotated[
        list[str] | None, typer.Argument(metavar="ROOT", help="Only these; each needs what those before it made.")
    ] = None,
) -> None:
    """Apply every Terraform root: app-infrastructure, batch-etl-pipeline, streaming-recommendation-pipeline."""
    unknown = sorted(set(roots or ()) - set(ROOTS))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)} is none of {', '.join(ROOTS)}")
    try:
        for root in _roots(roots or ROOTS):
            root.init()
            root.apply()
    except FAILURES as error:
        raise _failed(error) from None


def destroy() -> None:
    """Destroy every Terraform root, the last one first, with what its jobs made."""
    try:
        standing = []
        for root in reversed(_roots(ROOTS)):
            root.init()
            if not root.is_empty():
                standing.append(root)
        _refuse_protected(standing)
        if not standing:
            stderr.print("nothing is deployed")
        runs = leftovers.job_runs(project())
        tables = leftovers.delete_tables(project())
        for root in standing:
            root.destroy()
        stderr.print(f"removed {tables} tables and {leftovers.delete_logs(project(), runs)} logs that jobs had made")
    except FAILURES as error:
        raise _failed(error) from None


def _roots(names: Collection[str]) -> list[Root]:
    return [Root(checkout() / name / "terraform", stderr) for name in ROOTS if name in names]


def _refuse_protected(roots: list[Root]) -> None:
    protected = [root.name for root in roots if root.outputs().get("deletion_protection", True)]
    if protected:
        raise TerraformError(
            f"{' and '.join(protected)}: protected against deletion, or applied in part. To give the data up, run "
            "`TF_VAR_deletion_protection=false retail deploy`, then `retail destroy` again."
        )


def _failed(error: Exception) -> typer.Exit:
    stderr.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)
