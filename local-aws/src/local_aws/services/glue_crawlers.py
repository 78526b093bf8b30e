"""Glue crawlers: they read S3 and write the catalog, on demand, by schedule, or for a trigger."""

from __future__ import annotations

import asyncio
import json
import logging
import operator
import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.glue_crawler_definitions import crawler_arn
from local_aws.services.glue_crawls import crawls_of
from local_aws.services.glue_jobs import invalid, page
from local_aws.services.glue_roles import glue_may_assume
from local_aws.services.glue_timetable import Entry, Timetable, check_schedule
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.glue")

LOOK_SECONDS = 2.0
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le, "EQ": operator.eq, "NE": operator.ne,
}  # fmt: skip
_FILTERED = {
    "CRAWL_ID": "CrawlId", "STATE": "State", "START_TIME": "StartTime", "END_TIME": "EndTime", "DPU_HOUR": "DPUHour",
}  # fmt: skip


class GlueCrawlerService(Service):
    """The API of crawlers; crawls themselves are in glue_crawls."""

    name: ClassVar[str] = "glue"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.crawls = crawls_of(ctx)
        self.crawlers = self.crawls.crawlers
        self.tags = ctx.table("glue.job_tags")
        self._timetable = Timetable(self._start_scheduled, ctx.table("glue.crawlers_fired"))
        self._clock: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self.crawls.resume)
        self._clock = asyncio.create_task(self._keep_schedules())

    async def stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        await asyncio.to_thread(self.crawls.close)

    async def _keep_schedules(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await asyncio.to_thread(self._timetable.tick, self._scheduled())
            except Exception:
                log.exception("the schedules of crawlers could not be looked at")

    def _scheduled(self) -> list[Entry]:
        crawlers = [one for one in self.crawlers.table.values() if one.get("Schedule", {}).get("State") == "SCHEDULED"]
        return [Entry(one["Name"], one["Schedule"]["ScheduleExpression"], one["LastUpdated"]) for one in crawlers]

    def _start_scheduled(self, name: str) -> None:
        try:
            self.crawls.start(name)
        except AwsError as error:
            log.warning("the schedule of crawler %s did not start it: %s", name, error)

    # --- definitions

    @action("CreateCrawler")
    async def create_crawler(self, request: AwsRequest) -> Params:
        await self._check_role(request.params["Role"])
        self.crawlers.create(request.params)
        self.tags[crawler_arn(request.params["Name"])] = request.params.get("Tags") or {}
        return {}

    @action("UpdateCrawler")
    async def update_crawler(self, request: AwsRequest) -> Params:
        if "Role" in request.params:
            await self._check_role(request.params["Role"])
        self.crawlers.update(request.params)
        return {}

    @action("DeleteCrawler")
    async def delete_crawler(self, request: AwsRequest) -> Params:
        name = request.params["Name"]
        self.crawlers.delete(name)
        self.tags.pop(crawler_arn(name), None)
        self.crawls.forget(name)
        return {}

    @action("GetCrawler")
    async def get_crawler(self, request: AwsRequest) -> Params:
        return {"Crawler": self._shown(self.crawlers.get(request.params["Name"]))}

    @action("GetCrawlers")
    async def get_crawlers(self, request: AwsRequest) -> Params:
        names, more = page(sorted(self.crawlers.table), request.params)
        return {"Crawlers": [self._shown(self.crawlers.table[name]) for name in names]} | more

    @action("BatchGetCrawlers")
    async def batch_get_crawlers(self, request: AwsRequest) -> Params:
        wanted = request.params["CrawlerNames"]
        found = [self._shown(self.crawlers.table[name]) for name in wanted if name in self.crawlers.table]
        return {"Crawlers": found, "CrawlersNotFound": [name for name in wanted if name not in self.crawlers.table]}

    @action("ListCrawlers")
    async def list_crawlers(self, request: AwsRequest) -> Params:
        tags = (request.params.get("Tags") or {}).items()
        tagged = [name for name in sorted(self.crawlers.table) if tags <= self.tags.get(crawler_arn(name), {}).items()]
        names, more = page(tagged, request.params)
        return {"CrawlerNames": names} | more

    # --- crawls

    @action("StartCrawler")
    async def start_crawler(self, request: AwsRequest) -> Params:
        await self._check_role(self.crawlers.idle(request.params["Name"])["Role"])
        await asyncio.to_thread(self.crawls.start, request.params["Name"])
        return {}

    @action("StopCrawler")
    async def stop_crawler(self, request: AwsRequest) -> Params:
        self.crawls.stop(request.params["Name"])
        return {}

    @action("ListCrawls")
    async def list_crawls(self, request: AwsRequest) -> Params:
        name = request.params["CrawlerName"]
        self.crawlers.get(name)
        filters = request.params.get("Filters") or []
        crawls = [crawl for crawl in self.crawls.of(name) if all(_passes(crawl, one) for one in filters)]
        found, more = page(crawls, request.params, default=20)
        return {"Crawls": [{key: crawl[key] for key in crawl if key != "Crawler"} for crawl in found]} | more

    @action("GetCrawlerMetrics")
    async def get_crawler_metrics(self, request: AwsRequest) -> Params:
        wanted = request.params.get("CrawlerNameList") or sorted(self.crawlers.table)
        names, more = page([name for name in wanted if name in self.crawlers.table], request.params)
        return {"CrawlerMetricsList": [_metrics(name, self.crawls.of(name)) for name in names]} | more

    # --- schedules

    @action("UpdateCrawlerSchedule")
    async def update_crawler_schedule(self, request: AwsRequest) -> Params:
        crawler, expression = self.crawlers.get(request.params["CrawlerName"]), request.params.get("Schedule")
        if not expression:
            raise invalid("Schedule is required.")
        check_schedule(expression)
        schedule = {"ScheduleExpression": expression, "State": "SCHEDULED"}
        self.crawlers.table.update_fields(crawler["Name"], Schedule=schedule, LastUpdated=datetime.now(UTC))
        return {}

    @action("StartCrawlerSchedule")
    async def start_crawler_schedule(self, request: AwsRequest) -> Params:
        self.crawlers.set_schedule(request.params["CrawlerName"], "SCHEDULED")
        return {}

    @action("StopCrawlerSchedule")
    async def stop_crawler_schedule(self, request: AwsRequest) -> Params:
        self.crawlers.set_schedule(request.params["CrawlerName"], "NOT_SCHEDULED")
        return {}

    # --- small things

    async def _check_role(self, role: str) -> None:
        """Glue's words, on which Terraform waits for a role that is not known everywhere yet."""
        if not await asyncio.to_thread(glue_may_assume, self.ctx.client("iam"), role):
            raise invalid(f"Service is unable to assume provided role. Please verify role's TrustPolicy. Role: {role}")

    def _shown(self, crawler: Params) -> Params:
        """The members that Glue answers."""
        elapsed = 0
        if crawler["State"] != "READY":
            began = self.crawls.table[crawler["CrawlId"]]["StartTime"]
            elapsed = round((datetime.now(UTC) - began).total_seconds() * 1000)
        return {key: crawler[key] for key in crawler if key != "CrawlId"} | {"CrawlElapsedTime": elapsed}


def _passes(crawl: Params, wanted: Params) -> bool:
    value = crawl.get(_FILTERED[wanted["FieldName"]])
    if value is None:
        return False
    limit: Any = wanted["FieldValue"]
    if isinstance(value, datetime):
        value, limit = value.timestamp() * 1000, float(limit)
    elif isinstance(value, float):
        limit = float(limit)
    return _COMPARE[wanted["FilterOperator"]](value, limit)


def _metrics(name: str, crawls: list[Params]) -> Params:
    ended = [crawl for crawl in crawls if "EndTime" in crawl]
    seconds = [(crawl["EndTime"] - crawl["StartTime"]).total_seconds() for crawl in ended]
    made = _tables(ended[0]) if ended else {}
    return {
        "CrawlerName": name,
        "TimeLeftSeconds": 0.0,
        "StillEstimating": len(ended) < len(crawls),
        "LastRuntimeSeconds": seconds[0] if seconds else 0.0,
        "MedianRuntimeSeconds": statistics.median(seconds) if seconds else 0.0,
        "TablesCreated": made.get("ADD", {}).get("Count", 0),
        "TablesUpdated": made.get("UPDATE", {}).get("Count", 0),
        "TablesDeleted": made.get("DELETE", {}).get("Count", 0),
    }


def _tables(crawl: Params) -> Params:
    return json.loads(crawl.get("Summary") or "{}").get("TABLE", {})  # type: ignore[no-any-return]
