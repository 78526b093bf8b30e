"""A template's values as an API takes them, and what becomes of a resource that cannot be finished or changed."""

from __future__ import annotations

from typing import Any, ClassVar

import boto3
import pytest
from local_aws.services.cloudformation_resource import Call, Kind, ResourceError, shaped
from local_aws.wire import Params


def input_of(service: str, operation: str) -> Any:
    client = boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]
    return client.meta.service_model.operation_model(operation).input_shape


def test_numbers_and_booleans_are_read_from_text() -> None:
    asked = {"PasswordLength": "64", "ExcludePunctuation": "true"}
    assert shaped(input_of("secretsmanager", "GetRandomPassword"), asked, "") == {
        "PasswordLength": 64,
        "ExcludePunctuation": True,
    }


def test_documents_and_numbers_become_text_where_text_is_wanted() -> None:
    attributes = {"RedrivePolicy": {"maxReceiveCount": 20}, "VisibilityTimeout": 60, "FifoQueue": True}
    found = shaped(input_of("sqs", "CreateQueue"), {"QueueName": "spill", "Attributes": attributes}, "")
    assert found["Attributes"] == {
        "RedrivePolicy": '{"maxReceiveCount": 20}',
        "VisibilityTimeout": "60",
        "FifoQueue": "true",
    }


def test_none_leaves_a_parameter_out() -> None:
    assert shaped(input_of("s3", "CreateBucket"), {"Bucket": "logs", "ACL": None}, "") == {"Bucket": "logs"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"Colour": "red"}, "does not know Colour"),
        ({"DefaultActions": [{"Type": "forward", "Target": "x"}]}, r"does not know Target in DefaultActions\[0\]"),
        ({"Port": "eighty"}, "Port: 'eighty' is not a integer"),
        ({"DefaultActions": "forward"}, "DefaultActions: 'forward' is not a list"),
    ],
)
def test_what_the_api_does_not_take_is_refused_by_name(asked: Params, said: str) -> None:
    with pytest.raises(ResourceError, match=said):
        shaped(input_of("elbv2", "CreateListener"), asked, "")


class Lamp(Kind):
    type: ClassVar[str] = "Home::Lamp"
    changeable: ClassVar[frozenset[str]] = frozenset({"Brightness"})

    def __init__(self) -> None:
        self.burning: dict[str, Params] = {}

    def create(self, call: Call, props: Params) -> str:
        self.burning["lamp-1"] = {}
        return "lamp-1"

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if props["Brightness"] > 100:
            raise ResourceError("too bright")
        self.burning[physical_id] = dict(props)

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        del self.burning[physical_id]


def call(**more: Any) -> Call:
    return Call(lambda service: None, "home", "Lamp", **more)


def test_one_that_cannot_be_finished_is_taken_away_again() -> None:
    lamp, noted = Lamp(), list[str]()
    with pytest.raises(ResourceError, match="too bright"):
        lamp.make(call(made=noted.append), {"Brightness": 101})
    assert (lamp.burning, noted) == ({}, ["lamp-1"])


def test_what_can_be_changed_is_changed_in_place() -> None:
    lamp = Lamp()
    physical_id, _ = lamp.make(call(), {"Brightness": 10})
    lamp.change(call(), physical_id, {"Brightness": 10}, {"Brightness": 20})
    assert lamp.burning == {"lamp-1": {"Brightness": 20}}


@pytest.mark.parametrize(
    "wanted", [{"Brightness": 10, "Colour": "red"}, {"Colour": "blue"}], ids=["another", "one taken away"]
)
def test_what_cannot_be_changed_is_refused_by_name(wanted: Params) -> None:
    lamp = Lamp()
    physical_id, _ = lamp.make(call(), {"Brightness": 10, "Colour": "blue"})
    with pytest.raises(ResourceError, match=r"cannot change or take away (Colour|Brightness) of Home::Lamp"):
        lamp.change(call(), physical_id, {"Brightness": 10, "Colour": "blue"}, wanted)
    assert lamp.burning["lamp-1"]["Colour"] == "blue"


def test_names_are_unique_and_as_long_as_they_may_be() -> None:
    names = {call().name(16) for _ in range(20)}
    assert len(names) == 20
    assert {(name[:4], len(name)) for name in names} == {("home", 16)}
