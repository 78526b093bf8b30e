"""Crawls under way, each in a thread of its own, and those that have ended.

A crawl that a killed gateway left behind begins again under its own id: what it wrote it finds and leaves as it is.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.context import Context
from local_aws.services import glue_events as events
from local_aws.services.glue_crawl import Crawl, summary
from local_aws.services.glue_crawler_definitions import CrawlerDefinitions
from local_aws.services.glue_crawler_source import CrawlStoppedError
from local_aws.services.glue_logs import unless_there
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.glue")

LOG_GROUP = "/aws-glue/crawlers"
_LAST = {"COMPLETED": "SUCCEEDED", "STOPPED": "CANCELLED", "FAILED": "FAILED"}
_KEPT = 1000  # ended crawls
_DPU = 2.0  # of every crawler


class Crawls:
    """Histories in the table glue.crawls by crawl id: CrawlerHistory's members, and Crawler with the name."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.crawlers = CrawlerDefinitions(ctx.table("glue.crawlers"))
        self.table = ctx.table("glue.crawls")
        self._stops: dict[str, threading.Event] = {}  # by crawler
        self._threads: dict[str, threading.Thread] = {}
        self._starting = threading.Lock()
        self._closing = False
        self.resumed = threading.Event()  # nothing may be started before

    # --- the API's side

    def start(self, name: str, crawl_id: str | None = None) -> str:
        """Begin a crawl and return its id; one that is known by this id has begun already."""
        with self._starting:
            if crawl_id is not None and crawl_id in self.table:
                return crawl_id
            self.crawlers.idle(name)
            identifier, now = crawl_id or str(uuid.uuid4()), datetime.now(UTC)
            places = {"LogGroup": LOG_GROUP, "LogStream": name, "MessagePrefix": identifier}
            self.table[identifier] = {
                "CrawlId": identifier,
                "Crawler": name,
                "State": "RUNNING",
                "StartTime": now,
            } | places
            self.crawlers.table.update_fields(name, State="RUNNING", CrawlId=identifier)
            self._attend(name, identifier)
        return identifier

    def stop(self, name: str) -> None:
        crawler = self.crawlers.get(name)
        if crawler["State"] == "STOPPING":
            raise AwsError("CrawlerStoppingException", f"Crawler with name {name} is stopping")
        if crawler["State"] != "RUNNING":
            raise AwsError("CrawlerNotRunningException", f"Crawler with name {name} is not running")
        self.crawlers.table.update_fields(name, State="STOPPING")
        self._stops[name].set()

    def of(self, name: str) -> list[Params]:
        """A crawler's crawls, the newest first."""
        found = [crawl for crawl in self.table.values() if crawl["Crawler"] == name]
        return sorted(found, key=lambda crawl: crawl["StartTime"], reverse=True)

    def forget(self, name: str) -> None:
        """The crawler is deleted."""
        for crawl in self.of(name):
            del self.table[crawl["CrawlId"]]

    # --- across restarts

    def resume(self) -> None:
        for name, crawler in list(self.crawlers.table.items()):
            if crawler["State"] != "READY":
                self._attend(name, crawler["CrawlId"])
                if crawler["State"] == "STOPPING":
                    self._stops[name].set()
        self.resumed.set()

    def close(self) -> None:
        """A clean stop leaves crawls for the next gateway."""
        self._closing = True
        for stop in self._stops.values():
            stop.set()
        for thread in list(self._threads.values()):
            thread.join(timeout=10)

    # --- a crawl's life

    def _attend(self, name: str, crawl_id: str) -> None:
        self._stops[name] = threading.Event()
        thread = threading.Thread(target=self._live, args=(name, crawl_id), name=f"crawl-{name[:20]}", daemon=True)
        self._threads[name] = thread
        thread.start()

    def _live(self, name: str, crawl_id: str) -> None:
        began, say = time.monotonic(), partial(self._say, name, crawl_id)
        say(f"BENCHMARK : Running Start Crawl for Crawler {name}")
        _tell(events.crawler_started, name, self.table[crawl_id]["StartTime"])
        try:
            changes = Crawl(self.crawlers.get(name), crawl_id, self._ctx.client, partial(self._go_on, name), say).run()
            ending: Params = {"State": "COMPLETED", "Summary": summary(changes)}
        except CrawlStoppedError:
            if self._closing:
                return
            ending = {"State": "STOPPED"}
        except (ClientError, BotoCoreError, AwsError) as error:
            ending = {"State": "FAILED", "ErrorMessage": str(error)}
        except Exception as error:
            log.exception("crawl %s of %s", crawl_id, name)
            ending = {"State": "FAILED", "ErrorMessage": f"Internal Service Exception: {type(error).__name__}: {error}"}
        seconds = time.monotonic() - began
        self._conclude(name, crawl_id, ending | {"DPUHour": _DPU * seconds / 3600}, say)
        if ending["State"] == "COMPLETED":
            _tell(events.crawler_succeeded, name, changes, seconds)
        elif ending["State"] == "FAILED":
            _tell(events.crawler_failed, name, ending["ErrorMessage"])

    def _go_on(self, name: str) -> None:
        if self._stops[name].is_set():
            raise CrawlStoppedError

    def _conclude(self, name: str, crawl_id: str, ending: Params, say: Any) -> None:
        """The history first: whoever sees the crawler ready finds its crawl ended."""
        say(f"BENCHMARK : Crawler has finished running and is in state READY ({ending['State']})")
        crawl = self.table.update_fields(crawl_id, EndTime=datetime.now(UTC), **ending)
        last = {"Status": _LAST[crawl["State"]], "StartTime": crawl["StartTime"]}
        last |= {key: crawl[key] for key in ("ErrorMessage", "LogGroup", "LogStream", "MessagePrefix") if key in crawl}
        self.crawlers.table.update_fields(name, State="READY", LastCrawl=last)
        ended = sorted((one for one in self.table.values() if "EndTime" in one), key=lambda one: one["EndTime"])
        for old in ended[:-_KEPT]:
            del self.table[old["CrawlId"]]

    def _say(self, name: str, crawl_id: str, line: str) -> None:
        """To the log stream of the crawler; a crawl does not fail because its log does."""
        logs = self._ctx.client("logs")
        with suppress(ClientError, BotoCoreError):
            unless_there(logs.create_log_group, logGroupName=LOG_GROUP)
            unless_there(logs.create_log_stream, logGroupName=LOG_GROUP, logStreamName=name)
            event = {"timestamp": int(time.time() * 1000), "message": f"[{crawl_id}] {line}"}
            logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=name, logEvents=[event])


@cache
def crawls_of(ctx: Context) -> Crawls:
    """One for each context, so that crawlers and triggers share it."""
    return Crawls(ctx)


def _tell(event: Any, *what: Any) -> None:
    try:
        event(*what)
    except Exception:
        log.exception("the state change of crawler %s could not be announced", what[0])
