"""The simulation itself: drive the sources, start what carries on, watch, hold what arrived against what was sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console, Group
from rich.live import Live

from batch_etl.analytics.athena import QueryFailed
from batch_etl.errors import SimulationError
from batch_etl.simulation.clicks import Clicks
from batch_etl.simulation.feed import Feed
from batch_etl.simulation.orders import Orders
from batch_etl.simulation.plan import Plan
from batch_etl.simulation.reconciliation import Line, lines_of, star_lines
from batch_etl.simulation.runs import Functions, Jobs
from batch_etl.simulation.source import Source
from batch_etl.simulation.store_files import StoreFiles
from batch_etl.simulation.view import Progress, live_view

_LOOK_SECONDS, _REFRESH_SECONDS = 3.0, 0.5
_PASSING = (QueryFailed, BotoCoreError, ClientError)


@dataclass(frozen=True)
class Sources:
    files: StoreFiles
    orders: Orders
    clicks: Clicks
    feed: Feed

    def all(self) -> list[Source]:
        return [self.files, self.orders, self.clicks, self.feed]


@dataclass
class Simulation:
    """`patience` (seconds) is for every wait; `days_a_minute` 0: as fast as the platform takes it."""

    plan: Plan
    sources: Sources
    functions: Functions
    jobs: Jobs
    console: Console
    patience: float
    days_a_minute: float = 0
    nightly: bool = True
    problems: list[str] = field(default_factory=list)
    _stage: str = ""
    _in_gold: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.progress = [Progress(source) for source in self.sources.all()]

    def run(self, *, carry: bool = True) -> list[Line]:
        """Drive and, unless it is only to drive, carry on and reconcile. What went wrong is in `problems`."""
        with Live(console=self.console, auto_refresh=False) as live, ThreadPoolExecutor(2) as pool:
            try:
                pool.submit(self._watch)
                self._show(live, pool.submit(self._work, carry))
            finally:
                self._stop.set()
        return self._reconciled() if carry else []

    def _work(self, carry: bool) -> None:
        self._drive()
        if carry:
            self._carry_on()

    def _show(self, live: Live, work: Future[None]) -> None:
        while not work.done():
            live.update(self._view(), refresh=True)
            time.sleep(_REFRESH_SECONDS)
        live.update(self._view(), refresh=True)
        work.result()

    def _view(self) -> Group:
        return live_view(self.progress, self.plan.days, self._stage)

    def _tell(self, stage: str) -> None:
        """Raises SimulationError when nobody waits any longer, so that no wait outlives its view."""
        if self._stop.is_set():
            raise SimulationError("The simulation was stopped; what was sent goes on arriving.")
        self._stage = stage

    def _done(self, what: str, seconds: float) -> None:
        self.console.print(f"[green]✓[/] {what}, {seconds:,.0f} s", highlight=False)

    def _watch(self) -> None:
        """Look at all sources again and again; what cannot be asked now is asked the next time."""
        while not self._stop.wait(_LOOK_SECONDS):
            for one in self.progress:
                try:
                    one.look(in_gold=self._in_gold)
                except _PASSING as problem:
                    self._stage = f"Athena: {problem}"

    def _drive(self) -> None:
        """All sources side by side, day by day."""
        began = time.monotonic()
        self._tell(f"driving {self.plan.days} days from {self.plan.first_day}")
        with ThreadPoolExecutor(len(self.progress)) as pool:
            for driven in [pool.submit(self._drive_one, one, began) for one in self.progress]:
                driven.result()
        self._done(f"{self.plan.days} days from {self.plan.first_day} sent", time.monotonic() - began)

    def _drive_one(self, one: Progress, began: float) -> None:
        try:
            for day in range(self.plan.days):
                if self.days_a_minute:
                    self._stop.wait(max(0.0, began + day * 60 / self.days_a_minute - time.monotonic()))
                if self._stop.is_set():
                    return
                one.source.drive(day)
                one.days += 1
        except BaseException:
            self._stop.set()
            raise

    def _carry_on(self) -> None:
        """Orders and clicks wait for jobs; store files and the feed are seen to by themselves meanwhile."""
        waited_for = list(self.progress)
        try:
            self._run_jobs()
        except SimulationError as problem:
            self.problems.append(str(problem))
            waited_for = [one for one in self.progress if one.source in (self.sources.files, self.sources.feed)]
        self._in_gold = True
        for one in waited_for:
            self._wait_for(one.source.name, partial(_is_complete, one), one.source)

    def _run_jobs(self) -> None:
        if self.sources.orders.sent.good:
            self._fetch()
        if self.sources.clicks.sent.good:
            self._wait_for("the archive of clicks", self._archived, self.sources.clicks)
        if self.sources.orders.sent.good or self.sources.clicks.sent.good:
            for job in ("bronze-to-silver", "silver-to-gold", "warehouse-load", *(["etl-job"] * self.nightly)):
                self._done(job, self.jobs.run(job, self._tell))

    def _fetch(self) -> None:
        began, pages, more = time.monotonic(), 0, True
        while more:
            self._tell(f"api-fetch: {pages} pages")
            answer = self.functions.call("api-fetch", {})
            pages, more = pages + answer["pages"], answer["more"]
            if more:
                self._stop.wait(float(answer["retry_after"]))
            if time.monotonic() - began > self.patience:
                raise SimulationError(f"The API has still more pages after {self.patience:.0f} s and {pages} pages.")
        self._done(f"api-fetch: {pages} pages", time.monotonic() - began)

    def _archived(self) -> bool:
        sent, found = self.sources.clicks.sent.good, self.sources.clicks.archived()
        return all(found.get(name, 0) >= amount for name, amount in sent.items())

    def _wait_for(self, what: str, is_there: Callable[[], bool], source: Source) -> None:
        began = time.monotonic()
        while not is_there():
            seconds = time.monotonic() - began
            self._tell(f"waiting for {what}, {seconds:.0f} s")
            if seconds > self.patience:
                self.problems.append(
                    f"{what} is late: not all is there after {seconds:.0f} s. Look at {source.look_at}."
                )
                return
            if self._stop.wait(1.0):
                return

    def _reconciled(self) -> list[Line]:
        """Everything asked once more, when nothing is under way any longer."""
        lines: list[Line] = []
        for one in self.progress:
            one.look(in_gold=True)
            lines += lines_of(one.source, one.silver, one.gold, one.quarantined)
        if self.nightly and self.sources.orders.sent.good:
            lines += star_lines(self.sources.orders, self.sources.orders.star())
        return lines


def _is_complete(one: Progress) -> bool:
    return one.is_complete


def sent_lines(sources: Sequence[Source]) -> list[str]:
    """What was sent, for who only drives."""
    return [
        f"{source.name}: {source.sent.records:,} {source.sent.unit} sent, of them {source.sent.bad:,} bad and "
        f"{source.sent.repeated:,} sent twice"
        for source in sources
    ]
