"""State reaches the disk: at once where it matters, soon elsewhere, and never more often than it changes."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from local_aws import durable
from local_aws.durable import READS, StateKeeper, StateSource


class Emulator:
    """Stands for the upstream: named states that can be read, and a count of how often they were."""

    def __init__(self, **states: dict[str, Any]) -> None:
        self.states = states
        self.reads = 0

    def state_sources(self) -> dict[str, StateSource]:
        return {name: StateSource(partial(self._read, name)) for name in self.states}

    def _read(self, name: str) -> Any:
        self.reads += 1
        return dict(self.states[name])

    def document(self, key: str, state: Any) -> tuple[Any, Any]:
        return state, str


def on_disk(folder: Path, service: str) -> Any:
    return json.loads((folder / f"{service}.json").read_text())


def test_a_catalog_change_is_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    emulator = Emulator(glue={"table": 1})

    async def change() -> Any:
        keeper = StateKeeper(emulator, tmp_path)
        await keeper.changed("glue")
        return on_disk(tmp_path, "glue")

    assert asyncio.run(change()) == {"table": 1}


def test_a_change_during_a_write_is_in_the_next_write(tmp_path: Path) -> None:
    emulator = Emulator(glue={"version": 0})

    async def many() -> None:
        keeper = StateKeeper(emulator, tmp_path)

        async def commit(version: int) -> None:
            emulator.states["glue"] = {"version": version}
            await keeper.changed("glue")
            assert on_disk(tmp_path, "glue")["version"] >= version

        await asyncio.gather(*(commit(version) for version in range(1, 50)))

    asyncio.run(many())
    assert on_disk(tmp_path, "glue") == {"version": 49}
    assert emulator.reads < 49, "commits at the same moment share a write"


def test_other_services_are_written_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "SOON_SECONDS", 0.01)
    emulator = Emulator(sns={"topic": "alerts"})

    async def change() -> None:
        keeper = StateKeeper(emulator, tmp_path)
        task = asyncio.create_task(keeper.run())
        await keeper.changed("sns")
        await asyncio.sleep(0.2)
        task.cancel()

    asyncio.run(change())
    assert on_disk(tmp_path, "sns") == {"topic": "alerts"}


def test_a_change_that_no_request_made_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "SOON_SECONDS", 0.01)
    monkeypatch.setattr(durable, "SWEEP_SECONDS", 0.02)
    emulator = Emulator(logs={"events": 1})

    async def sweep() -> None:
        task = asyncio.create_task(StateKeeper(emulator, tmp_path).run())
        await asyncio.sleep(0.2)
        task.cancel()

    asyncio.run(sweep())
    assert on_disk(tmp_path, "logs") == {"events": 1}


def test_a_state_with_an_unchanged_mark_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "SOON_SECONDS", 0.01)
    monkeypatch.setattr(durable, "SWEEP_SECONDS", 0.02)

    class Marked(Emulator):
        def state_sources(self) -> dict[str, StateSource]:
            return {"logs": StateSource(partial(self._read, "logs"), live=True, mark=lambda: len(self.states["logs"]))}

    emulator = Marked(logs={"one": 1})

    async def sweep() -> None:
        task = asyncio.create_task(StateKeeper(emulator, tmp_path).run())
        await asyncio.sleep(0.2)
        emulator.states["logs"]["two"] = 2
        await asyncio.sleep(0.2)
        task.cancel()

    asyncio.run(sweep())
    assert on_disk(tmp_path, "logs") == {"one": 1, "two": 2}
    assert emulator.reads == 2


def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    emulator = Emulator(glue={"table": 1})

    async def twice() -> tuple[int, int]:
        keeper = StateKeeper(emulator, tmp_path)
        await keeper.changed("glue")
        first = (tmp_path / "glue.json").stat().st_mtime_ns
        await keeper.changed("glue")
        return first, (tmp_path / "glue.json").stat().st_mtime_ns

    first, second = asyncio.run(twice())
    assert first == second


def test_a_write_that_fails_fails_the_call(tmp_path: Path) -> None:
    emulator = Emulator(glue={"table": 1})
    (tmp_path / "no folder").touch()
    keeper = StateKeeper(emulator, tmp_path / "no folder")

    with pytest.raises(OSError, match="no folder"):
        asyncio.run(keeper.changed("glue"))


@pytest.mark.parametrize("name", ["GetTable", "ListTables", "DescribeStacks", "Query", "Scan", "BatchGetItem"])
def test_reads_change_nothing(name: str) -> None:
    assert READS.match(name)


@pytest.mark.parametrize("name", ["UpdateTable", "PutItem", "GetShardIterator", "QueryAndDelete", "BatchWriteItem"])
def test_writes_are_not_taken_for_reads(name: str) -> None:
    assert not READS.match(name)


@pytest.mark.parametrize("value", ["half a pair: \ud800", 2**70])
def test_what_the_fast_encoder_refuses_is_kept_all_the_same(tmp_path: Path, value: object) -> None:
    emulator = Emulator(glue={"table": value})
    asyncio.run(StateKeeper(emulator, tmp_path).changed("glue"))
    assert on_disk(tmp_path, "glue") == {"table": value}
