"""What all commands of this part share: the option `--project`, the platform that it names, errors told plainly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streaming_recs.errors import RecommendationError

if TYPE_CHECKING:
    from rich.console import Console

    from streaming_recs.operations import Platform

Project = Annotated[
    str, typer.Option(envvar=["RETAIL_PROJECT", "TF_VAR_project"], help="Terraform's variable `project`.")
]


@cache
def platform_of(project: str) -> Platform:
    """Where things are, by the environment's AWS credentials."""
    from streaming_recs.operations import Platform  # noqa: PLC0415 - `retail --help` stays quick

    return Platform(project, os.environ, client)


@cache
def client(service: str) -> Any:
    """A boto3 client, one a service."""
    import boto3  # noqa: PLC0415 - `retail --help` stays quick

    return boto3.client(service)  # type: ignore[call-overload]  # any service's name


def console() -> Console:
    """For tables: as wide as the terminal, or as a page where there is none."""
    from rich.console import Console  # noqa: PLC0415 - `retail --help` stays quick

    return Console(width=None if sys.stdout.isatty() else 120)


@contextmanager
def errors_explained() -> Iterator[None]:
    """Our errors end the command with what happened and what to do, without a traceback."""
    try:
        yield
    except RecommendationError as error:
        typer.secho(f"error: {error.message}", fg="red", err=True)
        typer.echo(f"  {error.remedy}", err=True)
        sys.exit(1)
