"""Looks after running instances: one that cannot start is failed instead of restarted for ever; windows are kept."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from local_aws.services.rds_hosts import FREE_THE_PORT, TAKEN, engine_name
from local_aws.services.rds_instances import Instances
from local_aws.services.rds_records import in_window
from local_aws.supervisor import read_status
from local_aws.wire import Params

log = logging.getLogger("local_aws.rds")

LOOK_SECONDS = 3.0
GIVE_UP_AFTER = 5  # starts in a row that did not become healthy


@dataclass(frozen=True)
class Watch:
    instances: Instances

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for record in list(self.instances.table.values()):
                if record["DBInstanceStatus"] == "available":
                    try:
                        await asyncio.to_thread(self.look, record)
                    except Exception:
                        log.exception("%s could not be looked after", record["DBInstanceIdentifier"])

    def look(self, record: Params) -> None:
        if not record.get("External") and (reason := self._why_dead(record)):
            self.instances.fail(record, reason)
        elif record["PendingModifiedValues"] and in_window(record["PreferredMaintenanceWindow"], datetime.now(UTC)):
            self.instances.apply_pending(record["DBInstanceIdentifier"])

    def _why_dead(self, record: Params) -> str | None:
        name = engine_name(record)
        status = read_status(self.instances.ctx.settings, name)
        if status is None or status.failures < GIVE_UP_AFTER:
            return None
        if TAKEN in status.detail:
            return f"{status.detail}. {FREE_THE_PORT}"
        return (
            f"The engine does not start ({status.detail}); its data may be damaged. Restore a snapshot, or delete the "
            f"instance and make it anew. The log ends:\n{self._log_end(name)}"
        )

    def _log_end(self, name: str) -> str:
        path = self.instances.ctx.engines.log_path(name)
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        errors = [line for line in lines if "[ERROR]" in line or "FATAL" in line or "PANIC" in line]
        return "\n".join((errors or lines)[-8:])
