"""The shop under load, and what may happen to it meanwhile: an instance dies, all of them are exchanged."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from load.page_mix import page_mix
from load.wrk import Ask, Outcome, ask_many
from support import LocalAws

pytestmark = pytest.mark.local_aws

GROUP, CONNECTIONS = "retail-web", 20
DEADLINE_SECONDS = 180


@pytest.fixture(scope="module")
def url(applied: LocalAws) -> str:
    if shutil.which("wrk") is None:
        reason = "wrk is not on PATH: `bin/setup load` installs it"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return applied.env["STOREFRONT_URL"]


@pytest.fixture(scope="module")
def mix(url: str) -> list[Ask]:
    return page_mix(url)


@pytest.fixture
def group(applied: LocalAws) -> Callable[[], dict[str, Any]]:
    scaling = applied.client("autoscaling")
    return lambda: dict(scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"][0])


@contextmanager
def load(url: str, mix: list[Ask]) -> Iterator[list[Outcome]]:
    """Ask on in turns while the block lasts; gives what came of each turn."""
    ended, turns = threading.Event(), list[Outcome]()

    def ask() -> None:
        while not ended.is_set():
            turns.append(ask_many(url, mix, CONNECTIONS, seconds=3))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield turns
    finally:
        ended.set()
        asking.join()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.5)


def serving(group: dict[str, Any]) -> set[str]:
    return {one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == "InService"}


def total(turns: list[Outcome]) -> Outcome:
    return sum(turns, Outcome())


def test_two_hundred_visitors_at_once_all_get_their_pages(url: str, mix: list[Ask]) -> None:
    found = ask_many(url, mix, 200, requests=10_000)
    assert (found.requests >= 10_000, found.errors) == (True, 0), found


def test_a_killed_instance_costs_no_more_than_what_it_was_answering(
    url: str, mix: list[Ask], group: Callable[[], dict[str, Any]]
) -> None:
    eventually(lambda: len(serving(group())) >= 2)
    victim = min(serving(group()))
    with load(url, mix) as turns:
        eventually(lambda: len(turns) >= 1)
        os.killpg(host_of(victim).pid, signal.SIGKILL)
        eventually(lambda: victim not in serving(group()) and len(serving(group())) >= 2)
    found = total(turns)
    assert found.requests > 1_000
    assert found.errors <= CONNECTIONS, found


def test_all_instances_are_exchanged_and_no_visitor_notices(
    applied: LocalAws, url: str, mix: list[Ask], group: Callable[[], dict[str, Any]]
) -> None:
    scaling, before = applied.client("autoscaling"), serving(group())
    preferences = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    with load(url, mix) as turns:
        scaling.start_instance_refresh(AutoScalingGroupName=GROUP, Preferences=preferences)
        eventually(
            lambda: (
                scaling.describe_instance_refreshes(AutoScalingGroupName=GROUP)["InstanceRefreshes"][0]["Status"]
                == "Successful"
            )
        )
    found = total(turns)
    assert found.requests > 1_000
    assert found.errors == 0, found
    assert not before & serving(group())


def host_of(instance: str) -> psutil.Process:
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "local_aws.engines.instance_host" in command and command[-1].endswith(instance):
            return process
    raise AssertionError(f"{instance} has no process")
