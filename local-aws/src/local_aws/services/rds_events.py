"""What DescribeEvents tells about instances of ours."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local_aws.services.rds_records import instance_arn
from local_aws.store import Table
from local_aws.wire import Params

KEPT = timedelta(days=14)  # as on RDS
DEFAULT_MINUTES = 60


@dataclass(frozen=True)
class Events:
    table: Table

    def add(self, identifier: str, category: str, message: str) -> None:
        self.table[str(uuid.uuid4())] = {
            "SourceIdentifier": identifier,
            "SourceType": "db-instance",
            "Message": message,
            "EventCategories": [category],
            "Date": datetime.now(UTC),
            "SourceArn": instance_arn(identifier),
        }

    def find(self, params: Params) -> list[Params]:
        """The events that DescribeEvents asks for, oldest first."""
        now = datetime.now(UTC)
        since = params.get("StartTime") or now - timedelta(minutes=params.get("Duration") or DEFAULT_MINUTES)
        until = params.get("EndTime") or now
        wanted, categories = params.get("SourceIdentifier"), set(params.get("EventCategories") or [])
        return [
            event
            for event in self._kept(now)
            if since <= event["Date"] <= until
            and wanted in (None, event["SourceIdentifier"])
            and (not categories or categories & set(event["EventCategories"]))
        ]

    def _kept(self, now: datetime) -> list[Params]:
        found = []
        for key in list(self.table):
            event = self.table.get(key)
            if event and event["Date"] < now - KEPT:
                self.table.pop(key, None)
            elif event:
                found.append(event)
        return sorted(found, key=lambda event: event["Date"])
