"""A crawler comes back as it was given, with Glue's defaults; what Glue refuses is refused."""

import pytest
from local_aws.services.glue_crawler_definitions import CrawlerDefinitions
from local_aws.store import Table
from local_aws.wire import AwsError

TARGETS = {"S3Targets": [{"Path": "s3://lake/sales/"}]}
CRAWLER = {
    "Name": "nightly",
    "Role": "arn:aws:iam::000000000000:role/glue/crawler",
    "DatabaseName": "silver",
    "Targets": TARGETS,
}


@pytest.fixture
def crawlers(tmp_path) -> CrawlerDefinitions:
    return CrawlerDefinitions(Table(tmp_path / "state.sqlite", "glue.crawlers"))


def test_defaults_are_glues_and_the_role_is_a_name(crawlers):
    crawlers.create(CRAWLER | {"Schedule": "cron(0 2 * * ? *)", "SchemaChangePolicy": {"UpdateBehavior": "LOG"}})
    kept = crawlers.get("nightly")
    assert kept["Role"] == "glue/crawler"
    assert kept["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "DEPRECATE_IN_DATABASE"}
    assert kept["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVERYTHING"}
    assert kept["Schedule"] == {"ScheduleExpression": "cron(0 2 * * ? *)", "State": "SCHEDULED"}
    assert (kept["State"], kept["Version"]) == ("READY", 1)


def test_an_update_changes_what_it_names(crawlers):
    crawlers.create(CRAWLER | {"Schedule": "cron(0 2 * * ? *)", "TablePrefix": "raw_"})
    crawlers.update({"Name": "nightly", "TablePrefix": "", "Schedule": ""})
    kept = crawlers.get("nightly")
    assert (kept["TablePrefix"], kept["Targets"], kept["Version"]) == ("", TARGETS, 2)
    assert "Schedule" not in kept


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Targets": {}}, "at least one crawler target"),
        ({"Targets": {"JdbcTargets": [{"ConnectionName": "c"}]}}, "JdbcTargets are not emulated"),
        ({"Targets": {"S3Targets": [{"Path": "lake"}]}}, "must be s3://"),
        ({"Targets": {"S3Targets": [{"Path": "s3://lake/", "SampleSize": 250}]}}, "SampleSize"),
        ({"DatabaseName": ""}, "DatabaseName"),
        ({"Configuration": "{"}, "no JSON"),
        ({"Classifiers": ["mine"]}, "classifiers"),
        ({"Schedule": "rate(1 hour)"}, "not valid"),
        ({"Schedule": "cron(0/2 * * * ? *)"}, "five minutes"),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}, "can have only LOG DeleteBehavior"),
    ],
)
def test_what_is_refused(crawlers, change, message):
    with pytest.raises(AwsError, match=message) as refused:
        crawlers.create(CRAWLER | change)
    assert refused.value.code == "InvalidInputException"


def test_names_are_taken_once_and_running_crawlers_stay(crawlers):
    crawlers.create(CRAWLER)
    crawlers.table.update_fields("nightly", State="RUNNING")
    for step, code in (
        (lambda: crawlers.create(CRAWLER), "AlreadyExistsException"),
        (lambda: crawlers.update({"Name": "nightly"}), "CrawlerRunningException"),
        (lambda: crawlers.delete("nightly"), "CrawlerRunningException"),
        (lambda: crawlers.get("other"), "EntityNotFoundException"),
        (lambda: crawlers.set_schedule("nightly", "SCHEDULED"), "NoScheduleException"),
    ):
        with pytest.raises(AwsError) as refused:
            step()
        assert refused.value.code == code


def test_a_schedule_is_switched_once(crawlers):
    crawlers.create(CRAWLER | {"Schedule": "cron(0 2 * * ? *)"})
    crawlers.set_schedule("nightly", "NOT_SCHEDULED")
    with pytest.raises(AwsError) as refused:
        crawlers.set_schedule("nightly", "NOT_SCHEDULED")
    assert refused.value.code == "SchedulerNotRunningException"
