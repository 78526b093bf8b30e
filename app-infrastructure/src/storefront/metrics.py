"""The figures that /metrics and the operations page show: of all processes of an instance, which share a folder.

The library decides by PROMETHEUS_MULTIPROC_DIR, which it reads when it is imported. Without it there is one process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

Dependency = Literal["database", "recommendations", "events"]
Mode = Literal["livemin", "livemax", "livesum"]
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """A registry of its own for each app: two in one process do not meet."""

    def __init__(self) -> None:
        if folder := os.environ.get(_FOLDER):
            Path(folder).mkdir(parents=True, exist_ok=True)
        own = self._own = CollectorRegistry()
        self.requests = Counter(
            "storefront_requests", "Requests by route and status", ("method", "route", "status"), registry=own
        )
        self.seconds = Histogram(
            "storefront_request_seconds", "Time to answer", ("route",), registry=own,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5),
        )  # fmt: skip
        self.shelves = Counter("storefront_recommendations", "Rows by path", ("path",), registry=own)
        self.checkouts = Counter("storefront_checkouts", "Forms by what became of them", ("outcome",), registry=own)
        self.events = Counter("storefront_browse_events", "By what became of them", ("outcome",), registry=own)
        self.waiting = _gauge("browse_events_waiting", "In memory", "livesum", own)
        self.connections = _gauge("database_connections", "At work", "livesum", own)
        self.products = _gauge("catalogue_products", "On the shelves", "livemin", own)
        self.catalogue_read = _gauge("catalogue_read_timestamp_seconds", "The catalogue in memory", "livemin", own)
        self.answered = _gauge("dependency_answered_timestamp_seconds", "The last time", "livemax", own, "dependency")
        self.failed = _gauge("dependency_failed_timestamp_seconds", "The last time", "livemax", own, "dependency")
        self.model = _gauge("model_answered_timestamp_seconds", "The last time", "livemax", own, "version")

    @property
    def registry(self) -> CollectorRegistry:
        """What the instance's processes counted, the dead ones' counters among it, but not what those held at last."""
        folder = os.environ.get(_FOLDER)
        if not folder:
            return self._own
        _forget_the_dead(Path(folder))
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return shared

    def read(self) -> Reading:
        return Reading(dict(_samples(self.registry.collect())))

    def close(self) -> None:
        """What this process holds is no longer held."""
        if os.environ.get(_FOLDER):
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Reading:
    """The instance's figures at one moment, by name and labels."""

    samples: Mapping[tuple[str, tuple[str, ...]], float]

    def value(self, name: str, *labels: str) -> float | None:
        return self.samples.get((f"storefront_{name}", labels))

    def count(self, name: str, *labels: str) -> int:
        return int(self.value(f"{name}_total", *labels) or 0)

    def by_label(self, name: str) -> dict[str, float]:
        """The values of a figure that has one label."""
        return {labels[0]: value for (found, labels), value in self.samples.items() if found == f"storefront_{name}"}

    def seconds_since(self, name: str, *labels: str) -> float | None:
        """How long ago a moment was; None when it never was."""
        moment = self.value(f"{name}_timestamp_seconds", *labels)
        return max(0.0, time.time() - moment) if moment else None

    def state(self, dependency: Dependency) -> str:
        """ "ok", "not asked yet", or how long ago it failed and has not answered since."""
        failed = self.seconds_since("dependency_failed", dependency)
        answered = self.seconds_since("dependency_answered", dependency)
        if failed is not None and (answered is None or failed < answered):
            return f"failed {ago(failed)}"
        return "not asked yet" if answered is None else "ok"


def ago(seconds: float) -> str:
    """3 s ago, 12 min ago, 5 h ago, 3 days ago."""
    for unit, size, most in (("s", 1, 120), ("min", 60, 7_200), ("h", 3_600, 172_800)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds / 86_400:.0f} days ago"


def _gauge(name: str, about: str, mode: Mode, own: CollectorRegistry, *labels: str) -> Gauge:
    """`mode`: how the values of an instance's processes become one; those of dead processes do not count."""
    return Gauge(f"storefront_{name}", about, labels, registry=own, multiprocess_mode=mode)


def _samples(found: Iterable[Metric]) -> Iterator[tuple[tuple[str, tuple[str, ...]], float]]:
    for metric in found:
        for sample in metric.samples:
            yield (sample.name, tuple(sample.labels.values())), sample.value


def _forget_the_dead(folder: Path) -> None:
    """A process that was killed could not say that it goes."""
    found = {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*.db")}
    for pid in map(int, filter(str.isdecimal, found)):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):
                mark_process_dead(pid)  # type: ignore[no-untyped-call]
        except PermissionError:
            continue
