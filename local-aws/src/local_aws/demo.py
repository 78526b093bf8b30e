"""`make demo`: the commands that a user would type, in order, each with its time.

Nothing here knows how the product works inside: every step is a public command run after `make env`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local_aws.context import client_for
from local_aws.environment import after_env
from local_aws.settings import Settings

SHOP_SECONDS = 90
_A_SMALL_DAY = "--days 1 --orders-per-day 5 --clicks-per-day 60 --transactions-per-day 100".split()
ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}


class DemoError(Exception):
    """A step did not succeed; its own output stands above."""


@dataclass
class Demo:
    """Runs steps and remembers their times (seconds)."""

    settings: Settings
    console: Console
    times: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self.console.rule(f"[bold]{len(self.times) + 1}. {title}", align="left")
        started = time.monotonic()
        yield
        seconds = time.monotonic() - started
        self.times.append((title, seconds))
        self.console.print(f"[green]✓[/] {title} — {seconds:.1f} s\n")

    def run(self, *command: str) -> None:
        """Run one public command with its output in view."""
        self.console.print(f"[dim]$ {' '.join(command)}[/]")
        sys.stdout.flush()
        environment = after_env(os.environ, self.settings.checkout)
        done = subprocess.run(command, cwd=self.settings.checkout, env=environment, check=False)
        if done.returncode:
            raise DemoError(f"`{' '.join(command)}` ended with exit code {done.returncode}; its output above says why.")

    def print_times(self) -> None:
        table = Table("step", "seconds", title="Where the time went")
        table.columns[1].justify = "right"
        for title, seconds in self.times:
            table.add_row(title, f"{seconds:.1f}")
        table.add_section()
        table.add_row("in all", f"{sum(seconds for _, seconds in self.times):.1f}")
        self.console.print(table)


def run_demo(settings: Settings, *, order_lines: int, dump: Path | None, before: Callable[[], None]) -> None:
    """The main job end to end. `before` installs tools and starts local AWS. Raises DemoError."""
    demo = Demo(settings, Console(width=None if sys.stdout.isatty() else 120))
    with demo.step("Start AWS on this machine"):
        before()
    with demo.step("Build the jobs, functions and wheels"):
        demo.run("retail", "package", "--target", "local")
    with demo.step("Apply the Terraform roots: network and source, lake and queries, stream and recommendations"):
        demo.run("retail", "deploy")
    with demo.step("Load the source database"):
        source = ["--dump", str(dump)] if dump else ["--orders", str(order_lines), "--seed", "7"]
        demo.run("retail", "load-source", *source, *(["--replace"] if dump else []))
    with demo.step("Run the Glue job: one snapshot of the source to a star schema"):
        _run_job(demo, "retail-etl-job")
    with demo.step("Reconcile the lake with the source, to the cent"):
        demo.run("retail", "reconcile")
    with demo.step("Ask Athena the business questions"):
        demo.run("retail", "questions")
    with demo.step("Train embeddings, and measure them beside their rivals"):
        _run_job(demo, "retail-ml-etl-job")
        _run_job(demo, "retail-train-embeddings")
    with demo.step("Load the vectors into pgvector and make them live"):
        demo.run("retail", "load-vectors")
    with demo.step("Replay a day of shoppers on the stream"):
        demo.run("retail", "stream-shoppers")
    with demo.step("Click once, and see what changes"):
        demo.run("retail", "show-click")
    with demo.step("Ask Athena what was delivered"):
        demo.run("retail", "deliveries", "--events", "100")
    with demo.step("Open the shop"):
        _open_shop(demo)
    with demo.step(
        "A day of every source: store files, shop orders, clicks, transaction feed, to gold and the warehouse"
    ):
        demo.run("retail", "simulate", *_A_SMALL_DAY)
    demo.print_times()
    _print_next_steps(demo)


def _run_job(demo: Demo, job: str) -> None:
    demo.console.print(f"[dim]$ aws glue start-job-run --job-name {job}[/]")
    glue: Any = client_for("glue", demo.settings)
    run_id = glue.start_job_run(JobName=job)["JobRunId"]
    with demo.console.status("") as status:
        while (run := glue.get_job_run(JobName=job, RunId=run_id)["JobRun"])["JobRunState"] not in ENDED:
            status.update(f"{job} {run_id[:12]}… {run['JobRunState'].lower()}, {run.get('ExecutionTime', 0)} s")
            time.sleep(1)
    if run["JobRunState"] != "SUCCEEDED":
        reason = run.get("ErrorMessage", "no reason given")
        raise DemoError(f"{job} {run['JobRunState']}: {reason}\nIts log: local-aws logs {job} (/aws-glue/{job}/error)")
    demo.console.print(_output(client_for("logs", demo.settings), run), markup=False, highlight=False)


def _open_shop(demo: Demo) -> None:
    """Wait until the shop answers through its load balancer with the catalogue that was just loaded."""
    url = after_env(os.environ, demo.settings.checkout)["STOREFRONT_URL"]
    demo.console.print(f"[dim]$ curl {url}/readyz[/]")
    deadline, told = time.monotonic() + SHOP_SECONDS, "no answer"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:  # noqa: S310 - of our own load balancer
                demo.console.print(answer.read().decode(), markup=False)
                return
        except urllib.error.HTTPError as refusal:
            told = refusal.read().decode()
        except OSError as problem:
            told = str(problem)
        time.sleep(1)
    raise DemoError(f"{url}/readyz is not ready after {SHOP_SECONDS} s: {told}\nIts log: /aws/ec2/retail-web")


def _output(logs: Any, run: dict[str, Any]) -> str:
    """What the job printed, from CloudWatch Logs."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"{run['LogGroupName']}/output", logStreamNamePrefix=run["Id"]
    )
    return "\n".join(event["message"].rstrip() for page in pages for event in page["events"])


def _print_next_steps(demo: Demo) -> None:
    environment = after_env(os.environ, demo.settings.checkout)
    table = Table("where", "what", title="Next steps", show_lines=False)
    table.add_row(demo.settings.endpoint_url, "the AWS endpoint of this machine")
    table.add_row(environment.get("MYSQL_URL", "-"), "the source database (MYSQL_CNF holds the password)")
    table.add_row(f"s3://{environment.get('LAKE_BUCKET', '-')}", "the lake")
    table.add_row(environment.get("VECTOR_DB_URL", "-"), 'vectors and recent interactions (psql "$VECTOR_DB_URL")')
    table.add_row(environment.get("WAREHOUSE_DB_URL", "-"), 'gold for BI tools (psql "$WAREHOUSE_DB_URL")')
    table.add_row(environment.get("STOREFRONT_URL", "-"), "the shop; its /operations says how the platform does")
    table.add_row(environment.get("INFERENCE_URL", "-"), "the recommendations' HTTP API; requests are signed")
    table.add_row("make dashboard", "the dashboard, in your browser")
    table.add_row('eval "$(make -s env)"', "point aws, terraform, mysql and psql at all this")
    table.add_row("aws glue start-job-run --job-name retail-etl-job", "run the job again: it changes nothing")
    table.add_row("make down", "stop everything; state is kept, `make up` brings it back")
    demo.console.print(table)
    demo.console.print(f"[dim]{os.uname().sysname} {os.uname().machine}, {os.cpu_count()} cores[/]")
