"""The shop under load, and what may happen to it meanwhile: an instance dies, all of them are exchanged."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import httpx
import pytest
from load.page_mix import page_mix
from load.wrk import Ask, ask_many
from support import LocalAws, process_of

pytestmark = pytest.mark.local_aws

GROUP = "retail-web"
VISITORS, PAUSE_SECONDS, DEADLINE_SECONDS = 4, 0.1, 300


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
def visitors(url: str, mix: list[Ask]) -> Iterator[Counter[str]]:
    """A few visitors who look at page after page while the block lasts; what came of it, by "ok" or what went wrong.

    They leave the machine some of its processors: what happens to the instances is looked at here, not their speed.
    """
    ended, outcomes = threading.Event(), Counter[str]()

    def visit(pages: Iterator[Ask]) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            for path, cookie in pages:
                if ended.wait(PAUSE_SECONDS):
                    return
                try:
                    status = client.get(path, headers={"cookie": cookie} if cookie else {}).status_code
                    outcomes["ok" if status < 400 else str(status)] += 1
                except httpx.HTTPError as problem:
                    outcomes[type(problem).__name__] += 1

    threads = [threading.Thread(target=visit, args=(cycle(mix[turn:]),)) for turn in range(VISITORS)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def is_whole(group: dict[str, Any]) -> bool:
    return len(serving(group)) >= group["DesiredCapacity"] >= 2


def wrong(outcomes: Counter[str]) -> int:
    return outcomes.total() - outcomes["ok"]


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.5)


def serving(group: dict[str, Any]) -> set[str]:
    return {one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == "InService"}


def test_a_killed_instance_costs_no_more_than_what_it_was_answering(
    url: str, mix: list[Ask], group: Callable[[], dict[str, Any]]
) -> None:
    eventually(lambda: is_whole(group()))
    victim = min(serving(group()))
    with visitors(url, mix) as outcomes:
        eventually(lambda: outcomes["ok"] > 20)
        host = process_of(victim)
        assert host is not None
        os.killpg(host.pid, signal.SIGKILL)
        eventually(lambda: victim not in serving(group()) and is_whole(group()))
    assert wrong(outcomes) <= VISITORS, outcomes


def test_all_instances_are_exchanged_and_no_visitor_notices(
    applied: LocalAws, url: str, mix: list[Ask], group: Callable[[], dict[str, Any]]
) -> None:
    scaling, before = applied.client("autoscaling"), serving(group())
    preferences = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    with visitors(url, mix) as outcomes:
        scaling.start_instance_refresh(AutoScalingGroupName=GROUP, Preferences=preferences)
        eventually(
            lambda: (
                scaling.describe_instance_refreshes(AutoScalingGroupName=GROUP)["InstanceRefreshes"][0]["Status"]
                == "Successful"
            )
        )
    assert outcomes["ok"] > 100
    assert wrong(outcomes) == 0, outcomes
    assert not before & serving(group())


def test_two_hundred_visitors_at_once_all_get_their_pages(url: str, mix: list[Ask]) -> None:
    found = ask_many(url, mix, 200, requests=10_000)
    assert (found.requests >= 10_000, found.errors) == (True, 0), found
