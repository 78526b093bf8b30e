"""One local AWS for the whole session: started once, applied once, loaded once, on a port and state of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from etl_world import EtlWorld, etl_world
from nightly_world import Night, run_night
from support import BIN, CHECKOUT, SHARED_DATA, LocalAws, free_port
from training_world import Retrained, retrain

DEMO_ORDER_LINES = 20_000


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the applied local AWS stays in one worker; the other one has one of its own for what needs it bare."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        for shared in ("applied", "local_aws"):
            if shared in fixtures:
                item.add_marker(pytest.mark.xdist_group(shared))
                break


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
    """Local AWS with every Terraform root applied by the commands that users type, and a generated source published.

    The source is loaded and published while the last root's apply waits, mostly, for its database.
    """
    local_aws.run("retail", "package", "--target", "local")
    local_aws.run("retail", "deploy", "app-infrastructure", "batch-etl-pipeline")
    with local_aws.running("retail", "deploy", "streaming-recommendation-pipeline"):
        local_aws.run("retail", "load-source", "--orders", str(DEMO_ORDER_LINES), "--seed", "7")
        run = local_aws.run_job()
        assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    return local_aws


@pytest.fixture(scope="session")
def retrained(applied: LocalAws) -> Retrained:
    """The first model that serves, as one execution of retail-retraining left it."""
    return retrain(applied)


@pytest.fixture(scope="session")
def night(applied: LocalAws) -> Night:
    """A night that has published what the source held when it was first asked for."""
    return run_night(applied)


@pytest.fixture(scope="session")
def dump(shared_data: Path) -> Path:
    """The well-known classicmodels dump."""
    return shared_data / "classicmodels" / "mysqlsampledatabase.sql"


@pytest.fixture(scope="session")
def dump_world(applied: LocalAws, dump: Path) -> Iterator[EtlWorld]:
    """The genuine dump in a source of its own, published in a lake of its own."""
    with etl_world(applied, "genuine", dump) as made:
        made.publish()
        yield made
