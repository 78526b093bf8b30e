"""An event of S3 names the version of the object that it is about."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from local_aws.s3_event_versions import name_versions


def sent(source: str, **named: Any) -> dict[str, Any]:
    """The detail that reaches the bus when the emulator's S3 fires an event."""
    events: list[dict[str, Any]] = []
    bus = SimpleNamespace(_dispatch_event=events.append)
    detail = json.dumps({"object": {"key": "a.csv"}})
    s3 = SimpleNamespace(
        _fire_s3_event=lambda *_, **__: bus._dispatch_event({"Source": source, "Detail": detail}),
    )
    name_versions(s3, bus)
    s3._fire_s3_event("bucket", "a.csv", "s3:ObjectCreated:Put", **named)
    found: dict[str, Any] = json.loads(events[0]["Detail"])
    return found


def test_a_versioned_object_is_named_with_its_version() -> None:
    assert sent("aws.s3", version_id="v1")["object"] == {"key": "a.csv", "version-id": "v1"}


def test_an_object_without_versions_has_none() -> None:
    assert sent("aws.s3")["object"] == {"key": "a.csv"}


def test_other_events_stay_as_they_are() -> None:
    assert sent("shop", version_id="v1")["object"] == {"key": "a.csv"}
