"""Logs as one JSON object a line, and the figures that /metrics shows."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

request_id: ContextVar[str] = ContextVar("request_id", default="-")
_FIELDS = ("method", "route", "status", "milliseconds")


class JsonLines(logging.Formatter):
    """{time, level, logger, request_id, message} and, of a request, its method, route, status and milliseconds."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": request_id.get(),
            "message": record.getMessage(),
        }
        said |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def log_to_stdout() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):  # the server's own lines too, but each request once
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"


class Metrics:
    """A registry of its own for each app: two in one process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "storefront_requests", "Requests by route and status", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "storefront_request_seconds", "Time to answer", ("route",), registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5),
        )  # fmt: skip
        self.shelves = Counter(
            "storefront_recommendations", "Rows of recommendations by path", ("path",), registry=self.registry
        )
        self.checkouts = Counter(
            "storefront_checkouts", "Checkout forms by what became of them", ("outcome",), registry=self.registry
        )
        self.events = Gauge(
            "storefront_browse_events", "Browse events by what became of them", ("outcome",), registry=self.registry
        )
        self.catalogue_age = Gauge(
            "storefront_catalogue_age_seconds", "Since the catalogue was read", registry=self.registry
        )
