"""One local AWS for the whole session: started once, applied once, loaded once, on a port and state of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import BIN, CHECKOUT, SHARED_DATA, LocalAws, free_port

DEMO_ORDER_LINES = 20_000


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the shared local AWS stays in one worker, which starts it; the other worker takes all the rest."""
    for item in items:
        if item.get_closest_marker("local_aws") and "fresh_local_aws" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("local-aws"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real inputs beside the checkout. Absent: a failure under CI, a skip elsewhere."""
    if not SHARED_DATA.is_dir():
        reason = "the folder ../shared/data with the real inputs is not beside this checkout"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return SHARED_DATA


def started(state_home: Path) -> Iterator[LocalAws]:
    aws = LocalAws(port=free_port(), state_home=state_home)
    subprocess.run([BIN / "local-aws", "up"], env=aws.host_env, cwd=CHECKOUT, check=True)
    yield aws
    subprocess.run([BIN / "local-aws", "down"], env=aws.host_env, cwd=CHECKOUT, check=True)
    shutil.rmtree(aws.state_home, ignore_errors=True)


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    yield from started(tmp_path_factory.mktemp("local aws"))


@pytest.fixture
def fresh_local_aws(tmp_path: Path) -> Iterator[LocalAws]:
    """A local AWS for one test alone, empty: for what would disturb the shared one."""
    yield from started(tmp_path / "local aws")


@pytest.fixture(scope="session")
def applied(local_aws: LocalAws) -> LocalAws:
    """Local AWS with every Terraform root applied, by the commands that users type."""
    local_aws.run("retail", "package", "--target", "local")
    local_aws.run("retail", "deploy", timeout=1500)
    return local_aws


@pytest.fixture(scope="session")
def loaded(applied: LocalAws) -> LocalAws:
    """Applied, a generated source loaded, and the ETL job run over it."""
    applied.run("retail", "load-source", "--orders", str(DEMO_ORDER_LINES), "--seed", "7")
    run = applied.run_job()
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    return applied
