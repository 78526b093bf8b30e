"""S3's events to EventBridge name the version that they are about; the emulator knows it and leaves it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

HOOKS_S3 = ("_fire_s3_event",)
HOOKS_BUS = ("_dispatch_event",)

_VERSION: ContextVar[str | None] = ContextVar("s3_event_version", default=None)


def name_versions(s3: Any, bus: Any) -> None:
    """`s3` and `bus` are the emulator's modules; they look each other's functions up at every call."""
    s3._fire_s3_event = partial(_fire, s3._fire_s3_event)
    bus._dispatch_event = partial(_dispatch, bus._dispatch_event)


def _fire(original: Callable[..., Any], *arguments: Any, version_id: str | None = None, **named: Any) -> Any:
    token = _VERSION.set(version_id)
    try:
        return original(*arguments, version_id=version_id, **named)
    finally:
        _VERSION.reset(token)


def _dispatch(original: Callable[..., Any], event: dict[str, Any], *more: Any, **named: Any) -> Any:
    version = _VERSION.get()
    if version is not None and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = event | {"Detail": json.dumps(detail)}
    return original(event, *more, **named)
