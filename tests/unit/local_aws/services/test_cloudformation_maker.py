"""What a stack holds is written before the next resource is begun, and errors are told as CloudFormation tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError
from local_aws.services.cloudformation_maker import Made, Maker
from local_aws.services.cloudformation_resource import Call, Kind, ResourceError
from local_aws.store import Table
from local_aws.wire import Params


def refusal(code: str, message: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "CreateQueue")


class Queue(Kind):
    type: ClassVar[str] = "AWS::SQS::Queue"

    def create(self, call: Call, props: Params) -> str:
        if props.get("Delay") == "for ever":
            raise refusal("InvalidAttributeValue", "for ever is too long")
        return f"queue of {call.logical_id}"

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        if "Error" in props:
            raise refusal(props["Error"], "Not today")


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    made = Made(Table(tmp_path / "services.sqlite", "cloudformation.resources"))
    return Maker(Queue(), lambda stack, name: Call(lambda service: None, stack, name, f"arn:{stack}"), made)


def test_what_is_made_is_on_record_until_it_is_deleted(maker: Maker) -> None:
    physical_id, _ = maker.create("Spill", {"Delay": 1}, "shop")
    assert list(maker.made.of("arn:shop")) == [
        {
            "StackId": "arn:shop",
            "LogicalResourceId": "Spill",
            "PhysicalResourceId": "queue of Spill",
            "ResourceType": "AWS::SQS::Queue",
            "Properties": {"Delay": 1},
        }
    ]
    assert list(maker.made.of("arn:other")) == []
    maker.delete(physical_id, {}, "Spill")
    assert list(maker.made.of("arn:shop")) == []


def test_what_a_service_says_reaches_the_events(maker: Maker) -> None:
    with pytest.raises(ResourceError) as told:
        maker.create("Spill", {"Delay": "for ever"}, "shop")
    assert str(told.value) == (
        'Resource handler returned message: "for ever is too long '
        '(Operation: CreateQueue, Status Code: 400, Error Code: InvalidAttributeValue)"'
    )


def test_one_that_is_gone_is_deleted_and_one_that_resists_stays_on_record(maker: Maker) -> None:
    for name in ("Gone", "Kept"):
        maker.create(name, {}, "shop")
    maker.delete("queue of Gone", {"Error": "AWS.SimpleQueueService.NonExistentQueue"}, "Gone")
    with pytest.raises(ResourceError, match="Not today"):
        maker.delete("queue of Kept", {"Error": "AccessDenied"}, "Kept")
    assert [entry["LogicalResourceId"] for entry in maker.made.of("arn:shop")] == ["Kept"]
