"""Keeps the emulator's state on disk while it runs, so that kill -9 loses seconds at most.

A change to a catalog, a lock table, a secret, a parameter or a key is on disk before its answer leaves; other services
are written soon after a change. Many changes at once share one write.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

log = logging.getLogger("local_aws.durable")

BEFORE_ANSWERING = frozenset(
    {"cloudformation", "glue", "dynamodb", "secretsmanager", "ssm", "kms", "iam", "s3", "stepfunctions", "kinesis"}
)
SOON_SECONDS = 1.0
SWEEP_SECONDS = 5.0
OLDEST_SECONDS = 9.0
COPY_ATTEMPTS = 6
READS = re.compile(
    r"^(Get(?!ShardIterator)|List|Describe|BatchGet|Head|Query$|Scan$|Search|Select|Filter|Lookup|Test|Poll|Decrypt"
    r"|Encrypt|GenerateDataKey|Verify|Sign|TransactGet|SimulatePrincipal)"
)


@dataclass(frozen=True)
class StateSource:
    """How to read a service's state. `live`: it is the thing itself, to be written out before anything else runs.

    `mark`, where there is one, is cheap and differs when the state differs.
    """

    read: Callable[[], Any]
    live: bool = False
    mark: Callable[[], object] | None = None


class StateOwner(Protocol):
    """The emulator, as far as its state goes."""

    def state_sources(self) -> dict[str, StateSource]:
        """Every service in use."""

    def document(self, key: str, state: Any) -> tuple[Any, Callable[[Any], Any]]:
        """A state as its loader expects it on disk, and the JSON encoder for its special types."""


class StateKeeper:
    """Writes <folder>/<service>.json for services that changed; one write at a time for each service."""

    def __init__(self, owner: StateOwner, folder: Path) -> None:
        self._owner = owner
        self._folder = folder
        self._dirty: set[str] = set()
        self._digests: dict[str, bytes] = {}
        self._marks: dict[str, object] = {}
        self._next: dict[str, asyncio.Task[None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._costs: dict[str, tuple[float, float]] = {}  # service → (when last saved or looked at, seconds it took)
        self.watchers: dict[str, Callable[[], None]] = {}  # service → what else a change of it means

    async def changed(self, service: str) -> None:
        """Note a change; for the services of BEFORE_ANSWERING return only when it is on disk."""
        if watcher := self.watchers.get(service):
            watcher()
        if service not in BEFORE_ANSWERING:
            self._dirty.add(service)
            return
        waiting = self._next.get(service)
        if waiting is None:
            waiting = self._next[service] = asyncio.create_task(self._save_next(service))
        await asyncio.shield(waiting)

    async def _save_next(self, service: str) -> None:
        """A save that begins after every change noted so far (group commit)."""
        async with self._locks.setdefault(service, asyncio.Lock()):
            self._next.pop(service, None)
            await self._save(service)

    async def run(self) -> None:
        """Write what changed, for ever; look also for changes that came without a request (timers, workers)."""
        swept = time.monotonic()
        while True:
            await asyncio.sleep(SOON_SECONDS)
            due = {service for service in self._dirty if self._affordable(service, 10)}
            self._dirty -= due
            if time.monotonic() - swept >= SWEEP_SECONDS:
                swept = time.monotonic()
                due |= {key for key, source in self._owner.state_sources().items() if self._worth_a_look(key, source)}
            for service in due:
                await self._save_or_log(service)

    async def _save_or_log(self, service: str) -> None:
        try:
            async with self._locks.setdefault(service, asyncio.Lock()):
                await self._save(service)
        except Exception:
            log.exception("the state of %s could not be saved; it is tried again", service)
            self._dirty.add(service)

    def _worth_a_look(self, service: str, source: StateSource) -> bool:
        if source.mark is not None and source.mark() == self._marks.get(service):
            return False
        return self._affordable(service, 50)

    def _affordable(self, service: str, times: int) -> bool:
        """A save takes at most a `times`th of the time, but is due after OLDEST_SECONDS whatever it takes."""
        last, cost = self._costs.get(service, (0.0, 0.0))
        return time.monotonic() - last >= min(cost * times, OLDEST_SECONDS)

    async def _save(self, service: str) -> None:
        source = self._owner.state_sources().get(service)
        if source is None:
            return
        began = time.monotonic()
        if source.mark is not None:
            self._marks[service] = source.mark()
        body = await self._encoded(service, source)
        if body is not None:
            await asyncio.to_thread(self._write, service, body)
        self._costs[service] = (time.monotonic(), time.monotonic() - began)

    async def _encoded(self, service: str, source: StateSource) -> bytes | None:
        """Worker threads of the emulator may change a dictionary under our hands: then try again."""
        for attempt in range(1, COPY_ATTEMPTS + 1):
            try:
                state = source.read()
                if state is None:
                    return None
                document, encoder = self._owner.document(service, state)
                if source.live:
                    return _json(document, encoder)
                return await asyncio.to_thread(_json, document, encoder)
            except RuntimeError as error:
                if attempt == COPY_ATTEMPTS:
                    raise
                log.debug("%s changed while it was copied: %s", service, error)
                await asyncio.sleep(0.01 * attempt)
        raise AssertionError("unreachable")

    def _write(self, service: str, body: bytes) -> None:
        digest = hashlib.sha256(body).digest()
        if self._digests.get(service) == digest:
            return
        path = self._folder / f"{service}.json"
        draft = path.with_suffix(".saving")
        draft.touch(mode=0o600)
        draft.write_bytes(body)
        os.replace(draft, path)
        self._digests[service] = digest


def _json(document: Any, encoder: Callable[[Any], Any]) -> bytes:
    try:
        return orjson.dumps(document, default=encoder, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:  # half a surrogate pair, a number of more than 64 bits: seldom, and not to be lost
        return json.dumps(document, default=encoder).encode()
