"""Events start a workflow when their batch is full, or when its window has passed."""

import json

import pytest
from local_aws.services import glue_workflow_events
from local_aws.services.glue_workflow_events import Mailbox, is_workflow
from local_aws.store import Table

ARN = "arn:aws:glue:us-east-1:000000000000:workflow/feed"


@pytest.fixture
def mailbox(tmp_path) -> Mailbox:
    return Mailbox(Table(tmp_path / "state.sqlite", "glue.workflow_events"))


def test_without_a_condition_each_event_is_a_batch(mailbox):
    mailbox.put(ARN, "e1")
    mailbox.put(ARN, "e2")
    started = list(mailbox.batches({"feed": {}}))
    assert [json.loads(properties["aws:eventIds"]) for _, properties, _ in started] == [["e1"], ["e2"]]
    assert started[0][2] == {"StartingEventBatchCondition": {"BatchSize": 1}}
    assert list(mailbox.batches({"feed": {}})) == []


def test_a_batch_waits_until_it_is_full_or_its_window_has_passed(mailbox, monkeypatch):
    triggers = {"feed": {"EventBatchingCondition": {"BatchSize": 2, "BatchWindow": 60}}}
    now = [1000.0]
    monkeypatch.setattr(glue_workflow_events.time, "time", lambda: now[0])
    for event in ("e1", "e2", "e3"):
        mailbox.put(ARN, event)
    assert [properties for _, properties, _ in mailbox.batches(triggers)] == [{"aws:eventIds": '["e1", "e2"]'}]
    assert list(mailbox.batches(triggers)) == []
    now[0] += 60
    assert list(mailbox.batches(triggers)) == [
        ("feed", {"aws:eventIds": '["e3"]'}, {"StartingEventBatchCondition": {"BatchWindow": 60}})
    ]


def test_what_no_trigger_waits_for_is_dropped(mailbox):
    mailbox.put(ARN, "e1")
    assert list(mailbox.batches({})) == []
    assert len(mailbox.table) == 0


def test_targets_are_told_by_their_arn():
    assert is_workflow(ARN)
    assert not is_workflow("arn:aws:glue:us-east-1:000000000000:job/feed")
