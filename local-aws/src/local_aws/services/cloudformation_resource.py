"""What a kind of CloudFormation's resources is: made, changed and deleted by API calls, as by any other client.

All calls block. What a template asks for and local AWS cannot do is refused by name, never left out.
"""

from __future__ import annotations

import json
import logging
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from local_aws.wire import Params

log = logging.getLogger("local_aws.cloudformation")

POLL_SECONDS = 0.5
_SUFFIX = string.ascii_uppercase + string.digits


class ResourceError(Exception):
    """A resource cannot be what its template says; the message goes into the stack's events."""


@dataclass(frozen=True)
class Call:
    """One resource of one stack at work.

    `attribute`: UpdatePolicy or CreationPolicy, resolved; None when absent. `made`: told the physical id of a new one.
    """

    client: Callable[[str], Any]
    stack: str
    logical_id: str
    stack_id: str = ""
    attribute: Callable[[str], Any] = lambda name: None
    made: Callable[[str], None] = lambda physical_id: None

    def do(self, service: str, operation: str, **params: Any) -> Params:
        """An API call with values as templates have them; None leaves a parameter out."""
        client = self.client(service)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        answer: Params = getattr(client, operation)(**shaped(model.input_shape, params, ""))
        return answer

    def name(self, longest: int = 128) -> str:
        """A name of CloudFormation's making: stack, logical id, and what makes it unique."""
        suffix = "".join(secrets.choice(_SUFFIX) for _ in range(12))
        return f"{self.stack}-{self.logical_id}-"[: longest - len(suffix)] + suffix

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Until the condition holds; `what` is the sentence of the error when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise ResourceError(f"{what} within {seconds:.0f} s.")
            time.sleep(POLL_SECONDS)


class Kind:
    """A resource type. `fixed`: a change of these makes another resource ("Update requires: Replacement" in AWS's
    Template Reference); `changeable`: configure() can change these; a change of any other property is refused.
    """

    type: ClassVar[str]
    fixed: ClassVar[tuple[str, ...]] = ()
    changeable: ClassVar[frozenset[str]] = frozenset()
    tags: ClassVar[str] = "Tags"  # the property that takes the stack's tags; empty for none

    def create(self, call: Call, props: Params) -> str:
        """Make it; returns the physical id, which is what Ref gives."""
        raise NotImplementedError

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        """What is set after it was made, and changed later; `before` is empty when it is new."""

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        """What Fn::GetAtt gives."""
        return {}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        raise NotImplementedError

    def make(self, call: Call, props: Params) -> tuple[str, Params]:
        """The physical id and the attributes. One that could not be finished does not stay behind."""
        physical_id = self.create(call, props)
        call.made(physical_id)
        try:
            self.configure(call, physical_id, props, {})
            return physical_id, self.attributes(call, physical_id, props)
        except Exception:
            try:
                self.delete(call, physical_id, props)
            except Exception:
                log.exception("%s is left behind", physical_id)
            raise

    def change(self, call: Call, physical_id: str, before: Params, props: Params) -> Params:
        """The attributes after it."""
        names = sorted(name for name in before.keys() | props.keys() if before.get(name) != props.get(name))
        refused = [name for name in names if name not in self.changeable or name not in props]
        if refused:
            raise ResourceError(
                f"Local AWS's CloudFormation cannot change or take away {', '.join(refused)} of {self.type}. "
                "Delete the stack and deploy it again, or deploy with Terraform."
            )
        self.configure(call, physical_id, props, before)
        return self.attributes(call, physical_id, props)


def chosen(props: Params, *names: str) -> Params:
    return {name: props[name] for name in names if name in props}


def without(props: Params, *names: str) -> Params:
    return {name: value for name, value in props.items() if name not in names}


def refuse_others(kind: str, props: Params, known: frozenset[str]) -> None:
    if others := sorted(props.keys() - known):
        raise ResourceError(f"Local AWS's CloudFormation does not do {', '.join(others)} of {kind}.")


def shaped(shape: Any, value: Any, path: str) -> Any:
    """A template's value as botocore's shape wants it: templates have numbers and booleans as text, and documents as
    objects. A member that the shape does not have is refused.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return _structure(shape, value, path)
    if kind == "map" and isinstance(value, dict):
        return {str(key): shaped(shape.value, each, f"{path}.{key}") for key, each in value.items()}
    if kind == "list" and isinstance(value, list):
        return [shaped(shape.member, each, f"{path}[{index}]") for index, each in enumerate(value)]
    try:
        return _SCALARS[kind](value)
    except (KeyError, TypeError, ValueError):
        raise ResourceError(f"{path.removeprefix('.')}: {value!r} is not a {kind}.") from None


def _structure(shape: Any, value: Params, path: str) -> Params:
    unknown = sorted(value.keys() - shape.members.keys())
    if unknown:
        where = f" in {path.removeprefix('.')}" if path else ""
        raise ResourceError(f"Local AWS's CloudFormation does not know {', '.join(unknown)}{where}.")
    return {
        name: shaped(shape.members[name], each, f"{path}.{name}") for name, each in value.items() if each is not None
    }


def _boolean(value: Any) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "blob": lambda value: str(value).encode(),
    "boolean": _boolean,
    "double": float,
    "float": float,
    "integer": int,
    "long": int,
    "string": _text,
}
