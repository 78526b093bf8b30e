"""After a start of local AWS no stack is in progress, and none has lost what was made for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from local_aws import cloudformation_engine
from local_aws.services.cloudformation_maker import Made
from local_aws.services.cloudformation_resource import Call
from local_aws.store import Table


def restored(made: Made, **stack: Any) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """A stack after a start, and the events that it was given."""
    record = {"StackName": "shop", "StackId": "arn:shop", "_resources": {}} | stack
    events: list[tuple[Any, ...]] = []
    package = SimpleNamespace(_stacks={"shop": record})
    stacks = SimpleNamespace(_add_event=lambda *event: events.append(event))
    cloudformation_engine._restore(package, stacks, made, lambda data: None, {})
    return record, events


@pytest.fixture
def made(tmp_path: Path) -> Made:
    record = Made(Table(tmp_path / "services.sqlite", "cloudformation.resources"))
    for name in ("Logs", "Spill"):
        record.note("AWS::SQS::Queue", Call(lambda service: None, "shop", name, "arn:shop"), {}, f"queue of {name}")
    return record


def test_an_interrupted_operation_has_failed_and_the_stack_holds_all_that_was_made(made: Made) -> None:
    saved = {"Logs": {"PhysicalResourceId": "queue of Logs", "ResourceStatus": "CREATE_COMPLETE"}}
    stack, events = restored(made, StackStatus="CREATE_IN_PROGRESS", _resources=dict(saved))
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert stack["_resources"]["Logs"] == saved["Logs"]
    spill = stack["_resources"]["Spill"]
    assert (spill["PhysicalResourceId"], spill["ResourceStatus"]) == ("queue of Spill", "CREATE_FAILED")
    assert [(event[4], event[5]) for event in events] == [("CREATE_FAILED", cloudformation_engine.INTERRUPTED)]


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_others_stay_as_they_are(made: Made, status: str) -> None:
    stack, events = restored(made, StackStatus=status)
    assert (stack["StackStatus"], stack["_resources"], events) == (status, {}, [])
