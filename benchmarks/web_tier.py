"""The web tier of a running platform under load: errors, latency, and how the group scales out and back in.

    python benchmarks/web_tier.py [REQUESTS] [CONNECTIONS] [--plot FILE]

Needs what `make demo` leaves behind (`make up`, `eval "$(make -s env)"`) and wrk (`bin/setup load`). REQUESTS
(1,000,000) of a realistic page mix go through the load balancer over CONNECTIONS (200) at once; then the group is left
alone until it is as small as before; then its instances are refreshed one by one while a tenth of the connections ask
on. The shop's limit on the requests of one client is raised for the run by Terraform's own variable, and put back.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import matplotlib as mpl
from botocore.exceptions import BotoCoreError
from load.page_mix import page_mix
from load.wrk import Outcome, ask_many
from local_aws.services.autoscaling_samples import clock_factor
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

GROUP = "retail-web"
PATIENCE_SECONDS = 1_200
UNLIMITED = '{"requests_per_client": 1000000000}'
console = Console(width=None if sys.stdout.isatty() else 100)


@dataclass
class Timeline:
    """The group's size over time: (seconds since the start, desired, in service)."""

    began: float = field(default_factory=time.monotonic)
    sizes: list[tuple[float, int, int]] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)

    def look(self) -> dict[str, Any]:
        group = boto3.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
        found: dict[str, Any] = group["AutoScalingGroups"][0]
        serving = sum(one["LifecycleState"] == "InService" for one in found["Instances"])
        self.sizes.append((time.monotonic() - self.began, found["DesiredCapacity"], serving))
        return found

    def mark(self, what: str) -> None:
        self.marks.append((time.monotonic() - self.began, what))

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Look every two seconds while the block lasts."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(2):
                with suppress(BotoCoreError):  # a machine at its limit answers the load first
                    self.look()

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def deploy(firewall: str | None) -> None:
    """Apply the root with this limit (None: its default) and wait until every instance has it."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_VAR_firewall"}
    told = {"TF_VAR_firewall": firewall} if firewall else {}
    subprocess.run(["retail", "deploy", "app-infrastructure"], env=environment | told, check=True)
    refreshed()


def refreshed() -> None:
    """Wait for the group's last refresh, if it ever had one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        known = boto3.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=GROUP)["InstanceRefreshes"]
        if not known or known[0]["Status"] == "Successful":
            return
        if known[0]["Status"] in ("Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"):
            raise SystemExit(f"The refresh ended as {known[0]['Status']}: {known[0].get('StatusReason')}")
        time.sleep(1)
    raise SystemExit(f"The refresh of {GROUP} did not end within {PATIENCE_SECONDS} s.")


def scale_in(timeline: Timeline) -> None:
    """Wait until the group is as small as it may be."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with console.status("waiting until the group is small again"):
        while (group := timeline.look())["DesiredCapacity"] > group["MinSize"] or (
            len(group["Instances"]) > group["MinSize"]
        ):
            if time.monotonic() > deadline:
                raise SystemExit(f"{GROUP} still has {group['DesiredCapacity']} instances after {PATIENCE_SECONDS} s.")
            time.sleep(2)


def requests_a_minute(began: datetime) -> list[tuple[float, float]]:
    """What CloudWatch knows of the load balancer: (seconds since `began`, requests in that minute)."""
    names = boto3.client("elbv2").describe_load_balancers(Names=[GROUP])["LoadBalancers"]
    suffix = names[0]["LoadBalancerArn"].partition(":loadbalancer/")[2]
    points = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB", MetricName="RequestCount", Statistics=["Sum"], Period=60,
        Dimensions=[{"Name": "LoadBalancer", "Value": suffix}],
        StartTime=began - timedelta(minutes=1), EndTime=datetime.now(UTC),
    )["Datapoints"]  # fmt: skip
    return sorted(((point["Timestamp"] - began).total_seconds(), point["Sum"]) for point in points)


def picture(timeline: Timeline, minutes: list[tuple[float, float]], factor: float) -> Figure:
    """Requests above, instances below, over one time axis in minutes."""
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    asked, size = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    asked.stairs(
        [count / 1000 for _, count in minutes], [start / 60 for start, _ in minutes] + [minutes[-1][0] / 60 + 1],
        fill=True, color="#0072B2", alpha=0.75,
    )  # fmt: skip
    asked.set_ylabel("requests a minute, thousands")
    asked.set_title(f"{GROUP} under load; AWS's waits divided by {factor:g}", loc="left")
    moments = [seconds / 60 for seconds, *_ in timeline.sizes]
    size.step(moments, [wanted for _, wanted, _ in timeline.sizes], where="post", color="#767676", label="desired")
    size.step(moments, [there for *_, there in timeline.sizes], where="post", color="#009E73", label="in service")
    size.set_ylabel("instances")
    size.set_xlabel("minutes")
    size.set_xlim(left=0)
    size.set_ylim(0, max(wanted for _, wanted, _ in timeline.sizes) + 1.2)
    size.legend(loc="lower right", frameon=False, ncols=2)
    for seconds, what in timeline.marks:
        size.axvline(seconds / 60, color="#222222", linewidth=0.8, linestyle=":")
        size.annotate(what, (seconds / 60, size.get_ylim()[1]), xytext=(3, -11), textcoords="offset points", fontsize=9)
    for axes in (asked, size):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def refresh_under_load(url: str, connections: int) -> Outcome:
    """Ask on until the refresh is over."""
    boto3.client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=GROUP, Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    )
    over = threading.Event()

    def wait() -> None:
        try:
            refreshed()
        finally:
            over.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    total = Outcome()
    with console.status("refreshing the instances"):
        while not over.is_set():
            total += ask_many(url, page_mix(url), connections, seconds=10)
    waiting.join()
    return total


def add_row(table: Table, name: str, found: Outcome) -> None:
    table.add_row(
        name, f"{found.requests:,}", f"{found.errors:,}", f"{found.per_second:,.0f}",
        f"{found.p50_ms:.0f} ms", f"{found.p99_ms:.0f} ms",
    )  # fmt: skip


def main(requests: int, connections: int, plot: Path | None) -> None:
    url, factor = os.environ["STOREFRONT_URL"], clock_factor()
    console.print(f"Target tracking with AWS's waits divided by {factor:g} (LOCAL_AWS_CLOCK_FACTOR).")
    deploy(UNLIMITED)
    try:
        timeline, began = Timeline(), datetime.now(UTC)
        with timeline.kept():
            timeline.mark("load")
            whole = ask_many(url, page_mix(url), connections, requests=requests)
            timeline.mark("no load")
        scale_in(timeline)
        with timeline.kept():
            timeline.mark("refresh")
            rolling = refresh_under_load(url, max(1, connections // 10))
    finally:
        deploy(None)
    table = Table("", "requests", "errors", "a second", "p50", "p99", title=f"{connections} connections at once")
    add_row(table, "page mix", whole)
    add_row(table, "instance refresh", rolling)
    console.print(table)
    sizes = [there for *_, there in timeline.sizes]
    console.print(f"Instances in service: {sizes[0]} at first, {max(sizes)} at most, {sizes[-1]} in the end.")
    if plot:
        mpl.rcParams["svg.hashsalt"] = "retail"
        picture(timeline, requests_a_minute(began), factor).savefig(plot, dpi=110)
        console.print(f"The timeline is in {plot}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", nargs="?", type=int, default=1_000_000)
    parser.add_argument("connections", nargs="?", type=int, default=200)
    parser.add_argument("--plot", type=Path, help="write the timeline as a picture")
    given = parser.parse_args()
    main(given.requests, given.connections, given.plot)
