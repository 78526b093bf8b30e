"""Arrivals to executions: each object version is noted once, and goes to one execution with what came beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from batch_etl.sources.store_files.arrivals import FileVersion, once, resolve
from batch_etl.sources.store_files.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

_INPUT_BYTES = 200_000
"""Step Functions takes 262,144 in an execution's input, and its states add to it."""


@dataclass(frozen=True)
class Intake:
    s3: S3Client
    states: SFNClient
    ledger: Ledger
    landing_bucket: str
    machine_arn: str

    def take(self, arrivals: Iterable[dict[str, str]]) -> int:
        """Start executions for the files that wait; how many were started. Objects that are gone are passed over."""
        arrived = once(resolve(self.s3, self.landing_bucket, **arrival) for arrival in arrivals)
        waiting = [file for file in arrived if self.ledger.register(file)]
        return start(self.states, self.machine_arn, waiting)


def start(states: SFNClient, machine_arn: str, files: Sequence[FileVersion], salt: str = "") -> int:
    """As few executions as their input allows. One that was started for the same files already is not started again.

    `salt` makes a new one all the same: for a replay.
    """
    started = 0
    for chunk in _chunks(files):
        name = hashlib.sha256((salt + "\n".join(file.slug for file in chunk)).encode()).hexdigest()[:40]
        try:
            states.start_execution(
                stateMachineArn=machine_arn, name=f"files-{name}", input=json.dumps({"files": _named(chunk)})
            )
            started += 1
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
    return started


def _named(files: Sequence[FileVersion]) -> list[dict[str, Any]]:
    return [{"key": file.key, "version": file.version, "arrived": file.arrived} for file in files]


def _chunks(files: Sequence[FileVersion]) -> Iterator[list[FileVersion]]:
    chunk: list[FileVersion] = []
    held = 0
    for file in files:
        size = len(json.dumps(_named([file])))
        if chunk and held + size > _INPUT_BYTES:
            yield chunk
            chunk, held = [], 0
        chunk.append(file)
        held += size
    if chunk:
        yield chunk
