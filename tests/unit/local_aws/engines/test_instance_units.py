"""An instance's services are real processes, and systemd's promises about their directories hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_aws.engines.cloud_config import Paths
from local_aws.engines.instance_units import Units

# Says in each of its directories that it ran, then runs on.
PROGRAM = """
for folder; do : > "$folder/$$"; done
exec sleep 600
"""
UNIT = """
[Service]
RuntimeDirectory=shop
StateDirectory=shop
ExecStart=/bin/sh /opt/shop/run.sh /run/shop /var/lib/shop
Restart=always
RestartSec=10ms
"""


@pytest.fixture
def units(tmp_path: Path) -> Iterator[Units]:
    paths = Paths(tmp_path / "i-1")
    for file, text in {"opt/shop/run.sh": PROGRAM, "etc/systemd/system/shop.service": UNIT}.items():
        (paths.root / file).parent.mkdir(parents=True)
        (paths.root / file).write_text(text)
    made = Units(paths, {"PATH": "/usr/bin:/bin"}, lambda text: None)
    yield made
    made.stop_all()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)


def said_in(units: Units, folder: str) -> set[str]:
    return {path.name for path in (units.paths.root / folder).iterdir()}


def started(units: Units) -> str:
    """The service's process, once it has said that it runs; `tend` is what the instance's host calls all the time."""

    def runs() -> bool:
        units.tend()
        child = units.running["shop.service"].child
        return child.poll() is None and str(child.pid) in said_in(units, "var/lib/shop")

    eventually(runs)
    return str(units.running["shop.service"].child.pid)


def test_a_service_leaves_processors_to_those_that_it_calls(units: Units) -> None:
    units.start("shop.service")
    assert os.getpriority(os.PRIO_PROCESS, int(started(units))) > os.getpriority(os.PRIO_PROCESS, 0)


def test_a_runtime_directory_is_empty_at_each_start_and_a_state_directory_stays(units: Units) -> None:
    units.start("shop.service")
    first = started(units)
    assert said_in(units, "run/shop") == {first}

    units.restart("shop.service")
    second = started(units)
    assert said_in(units, "run/shop") == {second}
    assert said_in(units, "var/lib/shop") == {first, second}

    units.stop("shop.service")
    assert not (units.paths.root / "run/shop").exists()


def test_what_a_killed_service_left_at_run_is_gone_when_it_starts_again(units: Units) -> None:
    units.start("shop.service")
    first = started(units)
    units.running["shop.service"].child.kill()
    eventually(lambda: units.running["shop.service"].child.poll() is not None)

    second = started(units)
    assert said_in(units, "run/shop") == {second}
    assert said_in(units, "var/lib/shop") == {first, second}
