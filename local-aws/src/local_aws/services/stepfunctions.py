"""Step Functions: the service integrations that reach our own services, through the gateway, as any client would.

The interpreter is the emulator's; `stepfunctions_semantics` holds where it differs from Amazon States Language.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, StructureShape

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params

POLL_SECONDS = 1.0
ABORTED = "The execution, or a branch beside this one, ended before its task."
_GLUE_FINAL = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
_ATHENA_FINAL = {"SUCCEEDED", "FAILED", "CANCELLED"}


class TaskFailed(Exception):  # noqa: N818 - the name of the state's result
    """A task's end that Retry and Catch see: an error name and a cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@dataclass
class Branches:
    """The branches of a Parallel state, or the items of a Map: the first that fails ends the others."""

    first_failure: Exception | None = None

    def fail(self, error: Exception) -> None:
        if self.first_failure is None:
            self.first_failure = error


@dataclass(frozen=True)
class Running:
    """The execution a task belongs to (the emulator's own document) and its context object."""

    execution: dict[str, Any]
    context: dict[str, Any]
    branches: tuple[Branches, ...] = ()

    @property
    def over(self) -> bool:
        """Stopped, timed out or failed in the meantime, or a branch beside this one failed."""
        ended = self.execution.get("status", "RUNNING") != "RUNNING"
        return ended or any(branches.first_failure is not None for branches in self.branches)


CURRENT: ContextVar[Running | None] = ContextVar("step_functions_execution", default=None)

Integration = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Integrations:
    """`client` gives a boto3 client that talks to the gateway."""

    client: Callable[[str], Any]
    sleep: Callable[[float], None] = field(default=time.sleep)

    def by_prefix(self) -> dict[str, Integration]:
        """Resource ARN prefix → what runs it; called with the resource and the task's effective parameters."""
        optimized: dict[str, Integration] = {
            "glue:startJobRun": self.glue_job,
            "athena:startQueryExecution": self.athena_query,
            "athena:stopQueryExecution": partial(self.plain, "athena", "Athena"),
            "athena:getQueryExecution": partial(self.plain, "athena", "Athena"),
            "athena:getQueryResults": partial(self.plain, "athena", "Athena"),
            "sns:publish": self.publish,
        }
        sdk = {f"aws-sdk:{name}:": partial(self.sdk, name, prefix) for name, prefix in _SDK_PREFIXES.items()}
        return {f"arn:aws:states:::{name}": handler for name, handler in (optimized | sdk).items()}

    def glue_job(self, resource: str, params: Any) -> Any:
        """glue:startJobRun; with .sync until the run's end, and its JobRun as the result."""
        started = self.call("glue", "Glue", "StartJobRun", params)
        if not resource.endswith(".sync"):
            return started
        run = {"JobName": params["JobName"], "RunId": started["JobRunId"]}
        stop = partial(
            self.call, "glue", "Glue", "BatchStopJobRun",
            {"JobName": run["JobName"], "JobRunIds": [run["RunId"]]},
        )  # fmt: skip

        def look() -> tuple[str, Any]:
            document = self.call("glue", "Glue", "GetJobRun", run)["JobRun"]
            return document["JobRunState"], document

        return self._until(look, _GLUE_FINAL, stop)

    def athena_query(self, resource: str, params: Any) -> Any:
        """athena:startQueryExecution; with .sync until the query's end, and its QueryExecution as the result."""
        started = self.call("athena", "Athena", "StartQueryExecution", params)
        if not resource.endswith(".sync"):
            return started

        def look() -> tuple[str, Any]:
            document = self.call("athena", "Athena", "GetQueryExecution", started)
            return document["QueryExecution"]["Status"]["State"], document

        return self._until(look, _ATHENA_FINAL, partial(self.call, "athena", "Athena", "StopQueryExecution", started))

    def publish(self, _resource: str, params: Any) -> Any:
        """sns:publish; a Message that is no string is sent as JSON."""
        message = params.get("Message")
        text = message if isinstance(message, str) else json.dumps(message, separators=(",", ":"))
        return self.call("sns", "SNS", "Publish", params | {"Message": text})

    def plain(self, service: str, prefix: str, resource: str, params: Any) -> Any:
        """Request and response: the last part of the resource is the API action."""
        name = resource.rsplit(":", 1)[-1]
        return self.call(service, prefix, name[0].upper() + name[1:], params)

    def sdk(self, service: str, prefix: str, resource: str, params: Any) -> Any:
        """aws-sdk:<service>:<action>; an object given as a blob (putObject's Body) is sent as JSON."""
        body = params.get("Body") if isinstance(params, dict) else None
        if body is not None and not isinstance(body, str):
            params = params | {"Body": json.dumps(body, separators=(",", ":"))}
        return self.plain(service, prefix, resource, params)

    def call(self, service: str, prefix: str, operation: str, params: Any) -> Any:
        """One API call with Step Functions' names for members, values and errors."""
        client = self.client(service)
        model = client.meta.service_model.operation_model(operation)
        arguments = _to_wire(model.input_shape, params or {})
        try:
            answer = getattr(client, xform_name(operation))(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            name = code if code.endswith(("Exception", "Error", "Fault")) else f"{code}Exception"
            raise TaskFailed(f"{prefix}.{name}", error.response["Error"].get("Message", "")) from error
        except BotoCoreError as error:
            raise TaskFailed("States.Runtime", str(error)) from error
        answer.pop("ResponseMetadata", None)
        return _to_states(model.output_shape, answer)

    def _until(self, look: Callable[[], tuple[str, Any]], final: set[str], stop: Callable[[], Any]) -> Any:
        """What a task started ends with its execution or a failing branch beside it; TimeoutSeconds of a task leaves it
        running, as AWS's list of what aborts a task has it."""
        running = CURRENT.get()
        while True:
            state, document = look()
            if state == "SUCCEEDED":
                return document
            if state in final:
                cause = json.dumps(document, separators=(",", ":"), sort_keys=True)
                raise TaskFailed("States.TaskFailed", cause)
            if running is not None and running.over:
                stop()
                raise TaskFailed("States.Runtime", ABORTED)
            self.sleep(POLL_SECONDS)


_SDK_PREFIXES = {
    "athena": "Athena",
    "firehose": "Firehose",
    "glue": "Glue",
    "kinesis": "Kinesis",
    "rds": "Rds",
    "s3": "S3",
}


def _to_wire(shape: Any, value: Any) -> Any:
    """Members may be given as Step Functions names them (PascalCase) where the API says camelCase."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        known: Params = {names.get(str(key).lower(), str(key)): entry for key, entry in value.items()}
        return {name: _to_wire(shape.members.get(name), entry) for name, entry in known.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_to_wire(shape.member, entry) for entry in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _to_wire(shape.value, entry) for key, entry in value.items()}
    return value


def _to_states(shape: Any, value: Any) -> Any:
    """A result as a state's output: PascalCase members, times in milliseconds. The keys of a map are data."""
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _to_states(shape.value, entry) for key, entry in value.items()}
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _to_states(shape.members.get(key), entry) for key, entry in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_to_states(shape.member, entry) for entry in value]
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return _to_states(None, value.read()) if hasattr(value, "read") else value


class StateMachineService(Service):
    """What the emulator forgets of a state machine."""

    name: ClassVar[str] = "stepfunctions"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.tracing = ctx.table("stepfunctions.tracing")

    @action("CreateStateMachine")
    async def create(self, request: AwsRequest) -> Params:
        created = await self.ctx.upstream(request)
        self.tracing[created["stateMachineArn"]] = request.params.get("tracingConfiguration") or {"enabled": False}
        return created

    @action("UpdateStateMachine")
    async def update(self, request: AwsRequest) -> Params:
        updated = await self.ctx.upstream(request)
        if request.params.get("tracingConfiguration"):
            self.tracing[request.params["stateMachineArn"]] = request.params["tracingConfiguration"]
        return updated

    @action("DescribeStateMachine")
    async def describe(self, request: AwsRequest) -> Params:
        described = await self.ctx.upstream(request)
        tracing = self.tracing.get(described["stateMachineArn"], {"enabled": False})
        return described | {"tracingConfiguration": tracing}

    @action("DeleteStateMachine")
    async def delete(self, request: AwsRequest) -> Params:
        self.tracing.pop(request.params["stateMachineArn"], None)
        return await self.ctx.upstream(request)
