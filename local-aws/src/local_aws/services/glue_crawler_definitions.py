"""Crawler definitions, kept as GetCrawler answers them, and what Glue refuses in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from local_aws.services.glue_jobs import invalid
from local_aws.services.glue_timetable import check_schedule
from local_aws.settings import ACCOUNT, REGION
from local_aws.store import Table
from local_aws.wire import AwsError, Params

_TARGETS = ("S3Targets", "CatalogTargets")
_GIVEN = (
    "Role", "DatabaseName", "Description", "Targets", "Classifiers", "TablePrefix", "SchemaChangePolicy",
    "RecrawlPolicy", "LineageConfiguration", "LakeFormationConfiguration", "Configuration",
    "CrawlerSecurityConfiguration",
)  # fmt: skip
_DEFAULTS: Params = {
    "Classifiers": [],
    "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
    "LakeFormationConfiguration": {"UseLakeFormationCredentials": False, "AccountId": ""},
}
_LARGEST_SAMPLE = 249


def crawler_arn(name: str) -> str:
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:crawler/{name}"


class CrawlerDefinitions:
    """The crawlers table; documents have the members of Glue's Crawler structure."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def create(self, params: Params) -> None:
        name, now = params["Name"], datetime.now(UTC)
        if name in self.table:
            raise AwsError("AlreadyExistsException", f"Crawler with name {name} already exists")
        times = {"CreationTime": now, "LastUpdated": now, "Version": 1, "State": "READY", "CrawlElapsedTime": 0}
        self.table[name] = _checked({"Name": name} | times | _given(params)) | _schedule(params)

    def update(self, params: Params) -> None:
        """What is left out stays as it is; an empty schedule is none."""
        crawler = self.idle(params["Name"])
        changed = _checked(crawler | _given(params)) | _schedule(params)
        if params.get("Schedule") == "":
            changed.pop("Schedule", None)
        self.table[params["Name"]] = changed | {"LastUpdated": datetime.now(UTC), "Version": crawler["Version"] + 1}

    def get(self, name: str) -> Params:
        try:
            return self.table[name]
        except KeyError:
            raise AwsError("EntityNotFoundException", f"Crawler entry with name {name} does not exist") from None

    def idle(self, name: str) -> Params:
        """A crawler that may be changed or started."""
        crawler = self.get(name)
        if crawler["State"] != "READY":
            raise AwsError("CrawlerRunningException", f"Crawler with name {name} has already started")
        return crawler

    def delete(self, name: str) -> None:
        self.idle(name)
        del self.table[name]

    def set_schedule(self, name: str, state: str) -> None:
        crawler = self.get(name)
        schedule = crawler.get("Schedule")
        if schedule is None:
            raise AwsError("NoScheduleException", f"There is no schedule for crawler {name}")
        if schedule["State"] == state:
            code = "SchedulerRunningException" if state == "SCHEDULED" else "SchedulerNotRunningException"
            raise AwsError(code, f"The schedule of crawler {name} is already {state}")
        self.table.update_fields(name, Schedule=schedule | {"State": state}, LastUpdated=datetime.now(UTC))


def configuration_of(crawler: Params) -> Any:
    """The Configuration JSON, {} when there is none."""
    return json.loads(crawler.get("Configuration") or "{}")


def _given(params: Params) -> Params:
    return {key: params[key] for key in _GIVEN if key in params}


def _schedule(params: Params) -> Params:
    if not params.get("Schedule"):
        return {}
    check_schedule(params["Schedule"])
    return {"Schedule": {"ScheduleExpression": params["Schedule"], "State": "SCHEDULED"}}


def _checked(given: Params) -> Params:
    """The definition made whole; raises what Glue refuses and what local AWS does not do."""
    crawler = _DEFAULTS | given
    crawler["SchemaChangePolicy"] = _DEFAULTS["SchemaChangePolicy"] | crawler["SchemaChangePolicy"]
    crawler["Role"] = crawler["Role"].partition(":role/")[2] or crawler["Role"]
    _check_targets(crawler)
    _check_policies(crawler)
    _check_configuration(crawler)
    if crawler["Classifiers"]:
        raise invalid("Custom classifiers are not emulated locally: the built-in ones for Parquet, JSON and CSV are.")
    return crawler


def _check_configuration(crawler: Params) -> None:
    try:
        configuration = configuration_of(crawler)
    except ValueError as error:
        raise invalid(f"Configuration of the crawler is no JSON: {error}") from error
    if not isinstance(configuration, dict):
        raise invalid("Configuration of the crawler is no JSON object.")


def _check_targets(crawler: Params) -> None:
    targets = {kind: entries for kind, entries in crawler.get("Targets", {}).items() if entries}
    if not targets:
        raise invalid("Please specify at least one crawler target.")
    if unknown := sorted(targets.keys() - set(_TARGETS)):
        raise invalid(f"{', '.join(unknown)} are not emulated locally: crawlers have S3Targets and CatalogTargets.")
    for target in targets.get("S3Targets", []):
        if not str(target.get("Path", "")).startswith("s3://") or target["Path"] == "s3://":
            raise invalid(f"S3 target path {target.get('Path')!r} must be s3://bucket/prefix.")
        if not 1 <= target.get("SampleSize", 1) <= _LARGEST_SAMPLE:
            raise invalid(f"SampleSize must be between 1 and {_LARGEST_SAMPLE}.")
    if targets.get("CatalogTargets"):
        if targets.get("S3Targets"):
            raise invalid("Catalog targets cannot be mixed with other target types.")
        if crawler["SchemaChangePolicy"]["DeleteBehavior"] != "LOG":
            raise invalid("The SchemaChangePolicy for CatalogTargets can have only LOG DeleteBehavior value.")
    elif not crawler.get("DatabaseName"):
        raise invalid("DatabaseName is required for S3 targets.")


def _check_policies(crawler: Params) -> None:
    behavior = crawler["RecrawlPolicy"].get("RecrawlBehavior", "CRAWL_EVERYTHING")
    if behavior == "CRAWL_EVENT_MODE":
        raise invalid("CRAWL_EVENT_MODE is not emulated locally: CRAWL_EVERYTHING and CRAWL_NEW_FOLDERS_ONLY are.")
    if behavior == "CRAWL_NEW_FOLDERS_ONLY" and set(crawler["SchemaChangePolicy"].values()) != {"LOG"}:
        raise invalid(
            "The SchemaChangePolicy for 'Crawl new folders only' Amazon S3 target can have only LOG DeleteBehavior "
            "value and LOG UpdateBehavior value."
        )
