"""Driving, waiting and telling what is late, with sources of this test's own."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from batch_etl.errors import SimulationError
from batch_etl.simulation.source import Figures, Sent
from batch_etl.simulation.week import Simulation, Sources
from rich.console import Console
from simulation_world import plan


@dataclass
class Told:
    """A source whose records arrive in silver at once, except those that it loses."""

    name: str
    loses: int = 0
    look_at: str = "its log"
    marts: tuple[str, ...] = ("records",)
    sent: Sent = field(default_factory=lambda: Sent("records"))
    days: list[int] = field(default_factory=list)
    fails: bool = False

    def drive(self, day: int) -> None:
        if self.fails:
            raise SimulationError(f"{self.name} cannot be sent")
        self.days.append(day)
        self.sent.add(records=10)

    def silver(self) -> Figures:
        return {name: amount - self.loses for name, amount in self.sent.good.items()}

    gold = archived = star = silver

    def quarantined(self) -> int:
        return 0


class Carriers:
    """Functions and jobs that note what they were asked for."""

    def __init__(self, failing: str = "") -> None:
        self.asked: list[str] = []
        self.failing = failing

    def call(self, name: str, _: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(name)
        return {"pages": 1, "more": self.asked.count(name) < 2, "retry_after": 0}

    def run(self, name: str, _: Any) -> float:
        self.asked.append(name)
        if name == self.failing:
            raise SimulationError(f"shop-{name} FAILED: no room")
        return 1.0


def simulated(carriers: Carriers, **sources: Told) -> Simulation:
    names = ("files", "orders", "clicks", "feed")
    made: Any = {name: sources.get(name, Told(name)) for name in names}
    return Simulation(plan(), Sources(**made), carriers, carriers, Console(file=io.StringIO()), patience=4)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr("batch_etl.simulation.week._LOOK_SECONDS", 0.05)


def test_every_source_is_driven_carried_on_and_reconciled():
    carriers = Carriers()
    simulation = simulated(carriers)
    lines = simulation.run()
    assert [one.days for one in simulation.progress] == [2] * 4
    assert carriers.asked == [
        "api-fetch", "api-fetch", "bronze-to-silver", "silver-to-gold", "warehouse-load", "etl-job",
    ]  # fmt: skip
    assert [(line.source, line.sent, line.gold, line.verdict) for line in lines] == [
        (name, Decimal(20), Decimal(20), "") for name in ("files", "orders", "clicks", "feed", "orders, nightly")
    ]
    assert simulation.problems == []


def test_a_source_that_is_late_is_named_with_where_to_look():
    simulation = simulated(Carriers(), files=Told("files", loses=1))
    lines = simulation.run()
    [problem] = simulation.problems
    assert problem.startswith("files is late")
    assert "its log" in problem
    assert [line.verdict for line in lines if line.source == "files"] == ["silver short of 1, gold short of 1"]


def test_a_job_that_fails_is_told_and_the_others_do_not_run():
    carriers = Carriers(failing="silver-to-gold")
    simulation = simulated(carriers)
    assert len(simulation.run()) == 5
    assert simulation.problems == ["shop-silver-to-gold FAILED: no room"]
    assert "warehouse-load" not in carriers.asked


def test_a_source_that_cannot_be_sent_ends_it():
    with pytest.raises(SimulationError, match="orders cannot be sent"):
        simulated(Carriers(), orders=Told("orders", fails=True)).run()


def test_only_driven_nothing_is_started_and_nothing_reconciled():
    carriers = Carriers()
    simulation = simulated(carriers)
    assert simulation.run(carry=False) == []
    assert (carriers.asked, simulation.sources.files.sent.records) == ([], 20)
