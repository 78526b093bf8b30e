"""A trigger comes back as it was given, in the state that its type has; what Glue refuses is refused."""

import pytest
from local_aws.services.glue_trigger_definitions import TriggerDefinitions, public
from local_aws.store import Table
from local_aws.wire import AwsError

ACTIONS = [{"JobName": "silver", "Arguments": {"--full": "1"}}]
SUCCEEDED = {"LogicalOperator": "EQUALS", "JobName": "bronze", "State": "SUCCEEDED"}
HOURLY = {"Name": "hourly", "Type": "SCHEDULED", "Schedule": "cron(0 * * * ? *)", "Actions": ACTIONS}
AFTER = {"Name": "after", "Type": "CONDITIONAL", "Predicate": {"Conditions": [SUCCEEDED]}, "Actions": ACTIONS}
KNOWN = {("JOB", "bronze"), ("JOB", "silver"), ("CRAWLER", "c")}


@pytest.fixture
def triggers(tmp_path) -> TriggerDefinitions:
    path = tmp_path / "state.sqlite"
    workflows = Table(path, "glue.workflows")
    workflows["flow"] = {"Name": "flow"}
    return TriggerDefinitions(Table(path, "glue.triggers"), workflows, lambda *target: target in KNOWN)


def test_what_waits_is_on_from_its_creation_if_wanted(triggers):
    triggers.create(HOURLY | {"StartOnCreation": True, "Description": "on"})
    triggers.create(AFTER)
    triggers.create({"Name": "button", "Type": "ON_DEMAND", "Actions": ACTIONS})
    assert {name: triggers.get(name)["State"] for name in triggers.table} == {
        "hourly": "ACTIVATED", "after": "CREATED", "button": "CREATED",
    }  # fmt: skip
    assert public(triggers.get("hourly")) == HOURLY | {"State": "ACTIVATED", "Description": "on"}
    assert [entry.key for entry in triggers.scheduled()] == ["hourly"]
    triggers.switch("hourly", on=False)
    triggers.switch("after", on=True)
    assert triggers.scheduled() == []
    assert [trigger["Name"] for trigger in triggers.watching()] == ["after"]


def test_an_update_takes_the_place_of_the_definition(triggers):
    triggers.create(HOURLY | {"StartOnCreation": True, "Description": "old"})
    changed = triggers.update("hourly", {"Schedule": "cron(30 * * * ? *)", "Actions": [{"CrawlerName": "c"}]})
    assert public(changed) == {
        "Name": "hourly", "Type": "SCHEDULED", "State": "ACTIVATED", "Schedule": "cron(30 * * * ? *)",
        "Actions": [{"CrawlerName": "c"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        (HOURLY | {"Schedule": ""}, "Schedule is required"),
        (HOURLY | {"Schedule": "cron(* * * * ? *)"}, "five minutes"),
        (HOURLY | {"Actions": []}, "at least one action"),
        (HOURLY | {"Actions": [{"JobName": "nobody"}]}, "Job nobody not found"),
        (HOURLY | {"Actions": [{"JobName": "silver", "CrawlerName": "c"}]}, "either"),
        (HOURLY | {"Actions": [{"CrawlerName": "c"}] * 3}, "2 crawlers at most"),
        (HOURLY | {"WorkflowName": "nowhere"}, "nowhere not found"),
        (AFTER | {"Predicate": {}}, "Predicate"),
        (AFTER | {"Predicate": {"Conditions": [SUCCEEDED | {"State": "RUNNING"}]}}, "cannot watch"),
        (AFTER | {"Predicate": {"Conditions": [SUCCEEDED, SUCCEEDED]}}, "Logical"),
        ({"Name": "b", "Type": "ON_DEMAND", "Actions": ACTIONS, "StartOnCreation": True}, "ON_DEMAND"),
        ({"Name": "e", "Type": "EVENT", "Actions": ACTIONS}, "WorkflowName is required"),
    ],
)
def test_what_is_refused(triggers, trigger, message):
    with pytest.raises(AwsError, match=message):
        triggers.create(trigger)
    assert len(triggers.table) == 0


def test_a_workflow_has_one_starting_trigger(triggers):
    triggers.create(HOURLY | {"WorkflowName": "flow"})
    triggers.create(AFTER | {"WorkflowName": "flow"})
    with pytest.raises(AwsError, match="only one is permitted"):
        triggers.create({"Name": "second", "Type": "ON_DEMAND", "Actions": ACTIONS, "WorkflowName": "flow"})
    assert triggers.watching() == []
