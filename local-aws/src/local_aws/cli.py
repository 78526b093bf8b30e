"""`local-aws`: set up, start, stop and look at AWS on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from local_aws import environment, lifecycle, toolchain
from local_aws.capabilities import capabilities, fidelity_file, render
from local_aws.context import client_for
from local_aws.demo import DemoError, run_demo
from local_aws.download import DownloadError
from local_aws.inventory import take_inventory
from local_aws.lifecycle import StartError
from local_aws.python_tools import PythonToolError
from local_aws.settings import Settings
from local_aws.status import status_report
from local_aws.supervisor import EngineClient, EngineError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
stdout, stderr = Console(), Console(stderr=True)


EXPECTED = (DownloadError, EngineError, PythonToolError, StartError, toolchain.ToolchainError)


def tell(text: str) -> None:
    stderr.print(text, soft_wrap=True, markup=False, highlight=False)


@contextmanager
def known_errors() -> Iterator[None]:
    """Errors that say what to do are shown as they are; anything else is a fault of ours and keeps its traceback."""
    try:
        yield
    except EXPECTED as error:
        stderr.print(str(error), style="red", soft_wrap=True, markup=False, highlight=False)
        raise typer.Exit(1) from None


@app.command()
def up() -> None:
    """Start local AWS in the background; returns when it is healthy."""
    settings, began = Settings.from_environment(), time.monotonic()
    with known_errors():
        toolchain.ensure_all(settings, toolchain.needed())
        with stderr.status("starting local AWS") as progress:
            lifecycle.up(settings, lambda text: progress.update(f"{text} ({time.monotonic() - began:.0f} s)"))
    tell(f"local AWS is healthy at {settings.endpoint_url} ({time.monotonic() - began:.1f} s)")
    try:
        toolchain.ensure(settings, "terraform")
    except (DownloadError, toolchain.ToolchainError) as error:
        tell(f"Terraform is not there yet; local AWS works without it. {error}")


@app.command()
def demo(
    orders: Annotated[int, typer.Option(help="Order lines of the generated source.", envvar="DEMO_ORDERS")] = 50_000,
    dump: Annotated[Path | None, typer.Option(help="A classicmodels dump instead.", envvar="DEMO_DUMP")] = None,
) -> None:
    """Run the main job end to end: source database, Glue, lake, Athena. A second run changes nothing."""
    try:
        run_demo(Settings.from_environment(), order_lines=orders, dump=dump, before=up)
    except DemoError as error:
        tell(str(error))
        raise typer.Exit(1) from None


@app.command()
def setup() -> None:
    """Fetch every tool into the cache (once; later runs touch no network) and print what each takes."""
    with known_errors():
        found = toolchain.sizes(Settings.from_environment())
    table = Table("tool", "size", "where")
    table.columns[1].justify = "right"
    for name, (path, size) in found.items():
        table.add_row(name, f"{size / 1e6:.0f} MB" if size else "on this machine", str(path))
    table.add_section()
    table.add_row("in all", f"{sum(size for _, size in found.values()) / 1e6:.0f} MB", "")
    stderr.print(table)


@app.command()
def env() -> None:
    """Print the shell lines that point AWS tools here: eval "$(local-aws env)"."""
    with known_errors():
        lines = environment.shell_lines(Settings.from_environment(), os.environ, tell)
    typer.echo("\n".join(lines))


@app.command()
def status() -> None:
    """Show the supervisor, the engines with port, health and log, and the services that we serve ourselves."""
    settings = Settings.from_environment()
    report = status_report(settings)
    typer.echo(f"{settings.endpoint_url}  state {settings.state}")
    stdout.print(report.table())
    for line in report.problems:
        tell(line)
    raise typer.Exit(0 if report.healthy else 1)


@app.command()
def inventory() -> None:
    """List what is left in the account; exit 1 when anything is (after `destroy`, nothing should be)."""
    settings = Settings.from_environment()
    if not lifecycle.running(settings):
        tell("local AWS is not running: `make up` starts it")
        raise typer.Exit(2)
    found = take_inventory(lambda service: client_for(service, settings))
    table = Table("kind", "name")
    for kind, name in found.left:
        table.add_row(kind, name)
    if found.left:
        stdout.print(table)
    for problem in found.unknown:
        tell(problem)
    typer.echo(found.summary)
    raise typer.Exit(0 if found.is_empty else 1)


@app.command()
def fidelity() -> None:
    """Write FIDELITY.md from the table of capabilities."""
    path = fidelity_file(Settings.from_environment().checkout)
    path.write_text(render(capabilities()))
    tell(f"wrote {path}")


@app.command()
def down() -> None:
    """Stop every process that `up` started; data and state stay."""
    settings = Settings.from_environment()
    with stderr.status("stopping local AWS: saving state, stopping engines"):
        lifecycle.down(settings)
    stderr.print("local AWS is stopped")


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop local AWS and delete all of its state (not the downloads)."""
    settings = Settings.from_environment()
    if not yes:
        typer.confirm(f"Delete {settings.state}?", abort=True)
    lifecycle.down(settings)
    shutil.rmtree(settings.state, ignore_errors=True)


@app.command()
def logs(
    engine: Annotated[str, typer.Argument(help="An engine of `status`, or a job or function.")] = "gateway",
) -> None:
    """Follow an engine's log, or show the last hour of the CloudWatch log groups that a job or function writes."""
    settings = Settings.from_environment()
    path = EngineClient(settings).log_path(engine)
    if not path.exists():
        show_log_groups(settings, engine)
        return
    sys.exit(subprocess.run(["tail", "-n", "100", "-F", path], check=False).returncode)


def show_log_groups(settings: Settings, name: str) -> None:
    groups = []
    if lifecycle.running(settings):
        groups = client_for("logs", settings).describe_log_groups()["logGroups"]
    named = [group["logGroupName"] for group in groups if name in group["logGroupName"]]
    if not named:
        tell(f"no engine and no log group is called {name}; `local-aws status` lists the engines")
        raise typer.Exit(1)
    for group in named:
        tell(f"== {group}")
        environment_ = os.environ | settings.client_environment()
        subprocess.run(["aws", "logs", "tail", group, "--since", "1h"], env=environment_, check=False)


if __name__ == "__main__":
    app()
