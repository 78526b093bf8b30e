"""EnabledCloudwatchLogsExports: an instance's log files, followed into CloudWatch Logs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local_aws.services.rds_hosts import EngineHost, engine_name
from local_aws.services.rds_instances import Instances
from local_aws.wire import Params

log = logging.getLogger("local_aws.rds")

LOOK_SECONDS = 5.0
MOST_BYTES = 512 * 1024  # at a time; one PutLogEvents takes 1 MiB at most
MOST_EVENTS = 5000
_MAIN_LOG = {"error", "postgresql"}


@dataclass(frozen=True)
class LogExports:
    instances: Instances

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for record in list(self.instances.table.values()):
                for kind in record["EnabledCloudwatchLogsExports"] if record["DBInstanceStatus"] != "deleting" else ():
                    try:
                        await asyncio.to_thread(self.follow, record, kind)
                    except Exception as error:
                        log.warning("%s log of %s not exported: %s", kind, record["DBInstanceIdentifier"], error)

    def follow(self, record: Params, kind: str) -> None:
        """Send the whole lines that were written since the last look."""
        path, key = self._file(record, kind), f"{record['DbiResourceId']}/{kind}"
        if not path.exists():
            return
        positions = self.instances.ctx.table("rds.log_positions")
        start = positions.get(key, {}).get("offset", 0)
        if start > path.stat().st_size:  # a new file
            start = 0
        with path.open("rb") as file:
            file.seek(start)
            block = file.read(MOST_BYTES)
        whole = block[: block.rfind(b"\n") + 1]
        lines = [line for line in whole.decode("utf-8", "replace").splitlines() if line.strip()]
        if lines:
            self._send(record, kind, lines)
        positions[key] = {"offset": start + len(whole)}

    def _file(self, record: Params, kind: str) -> Path:
        if kind in _MAIN_LOG:
            return self.instances.ctx.engines.log_path(engine_name(record))
        return EngineHost(self.instances.ctx).folder(record) / f"{kind}.log"

    def _send(self, record: Params, kind: str, lines: list[str]) -> None:
        client: Any = self.instances.ctx.client("logs")
        group = f"/aws/rds/instance/{record['DBInstanceIdentifier']}/{kind}"
        stream = {"logGroupName": group, "logStreamName": record["DBInstanceIdentifier"]}
        now = int(time.time() * 1000)
        for begin in range(0, len(lines), MOST_EVENTS):
            events = [{"timestamp": now, "message": line} for line in lines[begin : begin + MOST_EVENTS]]
            try:
                client.put_log_events(**stream, logEvents=events)
            except client.exceptions.ResourceNotFoundException:
                with contextlib.suppress(ClientError):
                    client.create_log_group(logGroupName=group)
                with contextlib.suppress(ClientError):
                    client.create_log_stream(**stream)
                client.put_log_events(**stream, logEvents=events)
