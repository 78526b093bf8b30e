"""A kind of resource as the emulator's CloudFormation calls it, with a durable record of what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.services.cloudformation_resource import Call, Kind, ResourceError
from local_aws.wire import Params

_GONE = ("notfound", "nosuch", "nonexistent", "not found", "does not exist")


@dataclass(frozen=True)
class Made:
    """What stacks hold, written before the next resource is begun: the emulator's own record is seconds behind."""

    table: MutableMapping[str, Params]

    def note(self, kind: str, call: Call, props: Params, physical_id: str) -> None:
        self.table[f"{kind} {physical_id}"] = {
            "StackId": call.stack_id, "LogicalResourceId": call.logical_id, "PhysicalResourceId": physical_id,
            "ResourceType": kind, "Properties": props,
        }  # fmt: skip

    def forget(self, kind: str, physical_id: str) -> None:
        self.table.pop(f"{kind} {physical_id}", None)

    def of(self, stack_id: str) -> Iterator[Params]:
        return (entry for entry in self.table.values() if entry["StackId"] == stack_id)


@dataclass(frozen=True)
class Maker:
    """`call`: how a resource of a stack, by the names of both, is at work."""

    kind: Kind
    call: Callable[[str, str], Call]
    made: Made

    def handler(self) -> Params:
        """What the emulator's engine looks for."""
        return {
            "create": self.create,
            "update": self.update,
            "update_with_logical_id": True,
            "delete": self.delete,
            "delete_with_logical_id": True,
        }

    def create(self, logical_id: str, props: Params, stack: str) -> tuple[str, Params]:
        call = self.call(stack, logical_id)
        noting = replace(call, made=partial(self.made.note, self.kind.type, call, props))
        made: tuple[str, Params] = _told(self.kind.make, noting, props)
        return made

    def update(
        self, physical_id: str, before: Params, props: Params, stack: str, logical_id: str
    ) -> tuple[str, Params]:
        return physical_id, _told(self.kind.change, self.call(stack, logical_id), physical_id, before, props)

    def delete(self, physical_id: str, props: Params, logical_id: str) -> None:
        """One that is gone already is as it should be."""
        try:
            self.kind.delete(self.call("", logical_id), physical_id, props)
        except ClientError as error:
            told = error.response["Error"]
            if not any(word in f"{told['Code']} {told['Message']}".lower() for word in _GONE):
                raise ResourceError(_sentence(error)) from error
        self.made.forget(self.kind.type, physical_id)


def _told(work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except ClientError as error:
        raise ResourceError(_sentence(error)) from error
    except KeyError as error:
        raise ResourceError(f"The property {error} is missing.") from error
    except BotoCoreError as error:
        raise ResourceError(f"{type(error).__name__}: {error}") from error


def _sentence(error: ClientError) -> str:
    """As CloudFormation tells what a service said."""
    told, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    where = f"Operation: {error.operation_name}, Status Code: {status}, Error Code: {told['Code']}"
    return f'Resource handler returned message: "{told["Message"]} ({where})"'
