"""What was not loaded can be loaded again, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from batch_etl.sources.store_files.arrivals import FileVersion
from batch_etl.sources.store_files.ledger import Ledger, Status
from batch_etl.sources.store_files.replay import Replay


def file(name: str) -> FileVersion:
    return FileVersion("2026-01-01T00:00:00Z", f"store-files/{name}", "v1", 10, "etag")


@pytest.fixture
def replay(intake_aws: dict[str, Any]) -> Replay:
    ledger = Ledger(intake_aws["dynamodb"], "ledger")
    for name in ("loaded", "partly", "refused", "failed", "claimed", "received"):
        ledger.register(file(name))
    for name in ("loaded", "partly", "refused", "failed", "claimed"):
        ledger.claim(file(name), f"run-of-{name}")
    for name, status in (("loaded", Status.LOADED), ("refused", Status.REFUSED), ("failed", Status.FAILED)):
        ledger.finish(file(name), f"run-of-{name}", status, {"reason": f"why {name}", "rowsBad": 0})
    ledger.finish(file("partly"), "run-of-partly", Status.LOADED, {"reason": "2 x price is no amount", "rowsBad": 2})
    return Replay(intake_aws["stepfunctions"], ledger, intake_aws["machine"])


def names(replay: Replay, **options: Any) -> list[str]:
    return [one.file.name for one in replay.candidates(**options)]


def test_what_failed_and_what_a_dead_execution_left_is_found(replay: Replay):
    assert names(replay) == ["claimed", "failed"]
    assert names(replay, refused=True) == ["claimed", "failed", "refused"]
    assert names(replay, pattern="fail*") == ["failed"]
    assert replay.candidates(pattern="failed")[0].reason == "why failed"


def test_an_execution_that_still_runs_keeps_its_files(replay: Replay, intake_aws: dict[str, Any]):
    intake_aws["stepfunctions"].start_execution(stateMachineArn=intake_aws["machine"], name="run-of-claimed")
    assert names(replay) == ["failed"]


def test_a_replay_starts_one_execution_and_each_replay_another(replay: Replay):
    assert replay.again(replay.candidates()) == 1
    assert replay.ledger.status(file("failed")) == Status.RECEIVED
    assert names(replay) == []
    assert replay.ledger.claim(file("failed"), "run-2")
    assert replay.ledger.finish(file("failed"), "run-2", Status.FAILED, {})
    assert replay.again(replay.candidates(pattern="failed")) == 1


def test_a_file_with_bad_rows_is_read_again_when_asked_for_and_tells_no_old_reason(replay: Replay):
    assert names(replay, pattern="partly") == []
    assert names(replay, bad_rows=True) == ["claimed", "failed", "partly"]
    assert replay.again(replay.candidates("partly", bad_rows=True)) == 1
    assert replay.ledger.claim(file("partly"), "run-2")
    assert replay.ledger.finish(file("partly"), "run-2", Status.LOADED, {"rowsBad": 0})
    assert (replay.ledger.find(file("partly")) or {})["reason"] == ""


def test_a_loaded_file_is_not_released(replay: Replay):
    assert not replay.ledger.release(file("loaded"))
    assert replay.ledger.status(file("loaded")) == Status.LOADED
