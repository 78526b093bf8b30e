"""What the operations page says, in words. Nothing here asks anybody anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from storefront.charts import every_minute, points
from storefront.metrics import Dependency, Reading, ago
from storefront.services.platform import LAKE_DAYS, LIVE_HOURS, Moment, Platform
from storefront.settings import Settings

_SPAN = timedelta(hours=LIVE_HOURS)


@dataclass(frozen=True)
class Fact:
    name: str
    value: str


@dataclass(frozen=True)
class Chart:
    """A line over the last hours; `told` says in words what it shows."""

    name: str
    told: str
    points: str


@dataclass(frozen=True)
class Group:
    heading: str
    facts: Sequence[Fact]
    charts: Sequence[Chart] = field(default=())


def platform_groups(platform: Platform, here: Settings) -> list[Group]:
    return [_lake(platform), _stream(platform), _scaling(platform, here), _source(platform)]


def instance_groups(now: Reading, here: Settings) -> list[Group]:
    """Of all processes of the instance together."""
    return [_database(now, here), _recommendations(now), _events(now)]


def _lake(platform: Platform) -> Group:
    none = _unknown(platform, f"nothing published in the last {LAKE_DAYS} days")
    published = platform.latest("published")
    since = ago(max(0.0, time.time() - published[0].timestamp())) if published else none
    return Group(
        "Lake: freshness and quality",
        [
            Fact("last published", f"{since}, {published[0]:%Y-%m-%d %H:%M} UTC" if published else since),
            Fact("rows published", _latest(platform, "published", _count, none)),
            Fact("rows quarantined", _latest(platform, "quarantined", _count, none)),
            Fact("checks failed at the last audit", _latest(platform, "checksFailed", _count, none)),
        ],
    )


def _stream(platform: Platform) -> Group:
    none = _unknown(platform, f"nothing on its way in the last {LIVE_HOURS} hours")
    return Group(
        "Stream: lag",
        [
            Fact("oldest browse event that a reader has yet to read", _latest(platform, "streamAge", _ms, none)),
            Fact("the profile updater's oldest record", _latest(platform, "updaterAge", _ms, none)),
            Fact("oldest recommendation not yet in the lake", _latest(platform, "deliveryAge", _seconds, none)),
        ],
    )


def _scaling(platform: Platform, here: Settings) -> Group:
    if not (here.autoscaling_group or here.load_balancer):
        return Group("Scaling", [Fact("instances", "this one alone: no load balancer stands before it")])
    none = _unknown(platform, f"nothing told in the last {LIVE_HOURS} hours")
    quiet = _unknown(platform, f"no requests in the last {LIVE_HOURS} hours")
    return Group(
        "Scaling",
        [
            Fact("instances wanted", _latest(platform, "desired", _count, none)),
            Fact("instances in service", _latest(platform, "inService", _count, none)),
            Fact("requests in the latest minute", _latest(platform, "requests", _count, quiet)),
            Fact("of them for each instance", _latest(platform, "requestsPerTarget", _count, quiet)),
            Fact("99 of 100 requests took at most", _latest(platform, "slowest", _seconds, quiet)),
        ],
        _charts(platform),
    )


def _charts(platform: Platform) -> list[Chart]:
    until = datetime.fromtimestamp(platform.asked_at, UTC).replace(second=0, microsecond=0)
    charts = []
    if requests := platform.figures.get("requests"):
        most = max(value for _, value in requests)
        charts.append(
            Chart(
                "Requests a minute", f"From 0 to {most:,.0f} over the last {LIVE_HOURS} hours.",
                points(every_minute(requests, until, _SPAN), until, _SPAN),
            )
        )  # fmt: skip
    if instances := platform.figures.get("inService"):
        least, most = min(value for _, value in instances), max(value for _, value in instances)
        charts.append(
            Chart(
                "Instances in service", f"Between {least:.0f} and {most:.0f} over the last {LIVE_HOURS} hours.",
                points(instances, until, _SPAN),
            )
        )  # fmt: skip
    return charts


def _source(platform: Platform) -> Group:
    age = ago(max(0.0, time.time() - platform.asked_at)) if platform.asked_at else "not known yet"
    state = "CloudWatch does not answer; the log says why" if platform.failing else "CloudWatch answers"
    return Group("Where these come from", [Fact("state", state), Fact("asked", age)])


def _database(now: Reading, here: Settings) -> Group:
    read, products = now.seconds_since("catalogue_read"), int(now.value("catalogue_products") or 0)
    return Group(
        "Database",
        [
            Fact("state", _state(now, "database")),
            Fact("catalogue", "never read" if read is None else f"{products:,} products, read {ago(read)}"),
            Fact("connections at work", f"{now.value('database_connections') or 0:.0f}"),
            Fact("connections of one process", f"at most {here.db_pool_size}"),
        ],
    )


def _recommendations(now: Reading) -> Group:
    versions = now.by_label("model_answered_timestamp_seconds")
    model = max(versions, key=lambda version: versions[version], default="none answered yet")
    rows = [
        Fact(f"rows of path {path}", f"{count:,.0f}")
        for path, count in sorted(now.by_label("recommendations_total").items())
    ]
    return Group(
        "Recommendations", [Fact("state", _state(now, "recommendations")), Fact("model version", model), *rows]
    )


def _events(now: Reading) -> Group:
    told = [("sent to the stream", "sent"), ("kept in the queue", "spilled"), ("sent on from the queue", "recovered"),
            ("dropped", "dropped")]  # fmt: skip
    counts = [Fact(name, f"{now.count('browse_events', outcome):,}") for name, outcome in told]
    waiting = Fact("waiting in memory", f"{now.value('browse_events_waiting') or 0:,.0f}")
    return Group("Browse events", [Fact("state", _state(now, "events")), waiting, *counts])


def _state(now: Reading, dependency: Dependency) -> str:
    """The page is public: what failed, and where, is in the log."""
    state = now.state(dependency)
    return f"{state}; the log says why" if state.startswith("failed") else state


def _unknown(platform: Platform, nothing: str) -> str:
    """Why there is no figure."""
    if platform.asked_at:
        return nothing
    return "CloudWatch does not answer" if platform.failing else "not known yet"


def _latest(platform: Platform, key: str, told: Callable[[float], str], none: str) -> str:
    found: Moment | None = platform.latest(key)
    return told(found[1]) if found else none


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _ms(value: float) -> str:
    return _seconds(value / 1000)


def _seconds(value: float) -> str:
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} min"
