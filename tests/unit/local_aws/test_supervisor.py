"""Engines are files of desired state; the supervisor makes them true."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_aws.reconcile import LARGEST_LOG, Supervisor, pause, rotate
from local_aws.settings import Settings
from local_aws.supervisor import EngineClient, EngineError, EngineSpec, read_status


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, 5150, tmp_path / "cache", tmp_path / "state")


@pytest.fixture
def engines(settings: Settings) -> Iterator[EngineClient]:
    """A supervisor in a thread of this process."""
    supervisor, stopping = Supervisor(settings), threading.Event()

    def loop() -> None:
        while not stopping.wait(0.02):
            supervisor.tick()

    thread = threading.Thread(target=loop)
    thread.start()
    yield EngineClient(settings)
    stopping.set()
    thread.join()
    supervisor.stop_all()


def listener(engines: EngineClient, name: str, word: str = "hello") -> EngineSpec:
    port = engines.free_port(name)
    script = (
        "import os, socket, sys, time; print(sys.argv[2], os.environ.get('SECRET'), flush=True);"
        "s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);"
        "s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); time.sleep(600)"
    )
    return EngineSpec(name, [sys.executable, "-c", script, str(port), word], port, {"SECRET": "s3cret"})


def test_an_engine_is_healthy_when_ensure_returns(engines: EngineClient) -> None:
    engines.ensure(listener(engines, "trino"))
    assert engines.healthy("trino")
    assert engines.log_path("trino").read_text() == "hello s3cret\n"


def test_ensuring_the_same_again_leaves_it_running(engines: EngineClient, settings: Settings) -> None:
    engines.ensure(listener(engines, "trino"))
    before = read_status(settings, "trino")
    engines.ensure(listener(engines, "trino"))
    assert read_status(settings, "trino") == before


def test_another_spec_restarts_it(engines: EngineClient) -> None:
    engines.ensure(listener(engines, "trino"))
    engines.ensure(listener(engines, "trino", "again"))
    assert engines.log_path("trino").read_text() == "hello s3cret\nagain s3cret\n"


def test_a_removed_engine_is_gone_and_may_come_back_at_once(engines: EngineClient) -> None:
    for _ in range(5):
        engines.ensure(listener(engines, "trino"))
        engines.remove("trino")
        assert not engines.healthy("trino")
    engines.remove("trino")


def test_an_engine_that_ends_while_starting_is_an_error_with_its_last_words(engines: EngineClient) -> None:
    with pytest.raises(EngineError, match=r"ended while starting \(exit code 3\)\.\nno space left"):
        engines.ensure(EngineSpec("db", [sys.executable, "-c", "print('no space left'); exit(3)"], 5199))


def test_a_program_that_is_not_there_is_an_error_too(engines: EngineClient) -> None:
    with pytest.raises(EngineError, match="No such file"):
        engines.ensure(EngineSpec("db", ["/nowhere/mariadbd"], 5199))


def test_an_engine_that_never_listens_is_an_error_in_time(engines: EngineClient) -> None:
    with pytest.raises(EngineError, match=r"did not become healthy|not healthy within"):
        engines.ensure(
            EngineSpec("db", [sys.executable, "-c", "import time; time.sleep(60)"], 5199, {}, start_timeout_seconds=1)
        )


def test_what_an_engine_was_given_is_for_its_user_alone(engines: EngineClient, settings: Settings) -> None:
    engines.ensure(listener(engines, "trino"))
    assert (settings.state / "engines" / "trino" / "spec.json").stat().st_mode & 0o077 == 0


def test_ports_are_chosen_once_and_kept(settings: Settings) -> None:
    engines = EngineClient(settings)
    first, second = engines.free_port("a"), engines.free_port("b")
    assert first != second
    assert EngineClient(settings).free_port("a") == first


def test_pauses_grow_to_half_a_minute() -> None:
    assert [pause(failures) for failures in (0, 1, 2, 3, 4, 20)] == [0.5, 0.5, 1.0, 2.0, 4.0, 30.0]


def test_a_large_log_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(LARGEST_LOG + 1)
    rotate(log)
    assert [path.name for path in tmp_path.iterdir()] == ["log.old"]
