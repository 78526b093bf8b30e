"""Invoking a function for another service: the batch of a mapping, the records of a delivery stream."""

from __future__ import annotations

from dataclasses import dataclass

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.wire import AwsError

MAX_PAYLOAD_BYTES = 6 << 20


class NotInvokedError(Exception):
    """The function was not reached (throttled, not there, not ready): no attempt of its own was made."""

    def __init__(self, error: AwsError) -> None:
        super().__init__(str(error))
        self.code, self.status = error.code, error.status


@dataclass(frozen=True)
class Invocation:
    payload: bytes
    function_error: str | None
    version: str


async def invoke(ctx: Context, function_arn: str, payload: str) -> Invocation:
    """Invoke and wait for the answer; raises NotInvokedError."""
    try:
        answer = await call_upstream(ctx, "lambda", "Invoke", FunctionName=function_arn, Payload=payload.encode())
    except AwsError as error:
        raise NotInvokedError(error) from error
    body = answer.get("Payload") or b""
    return Invocation(
        body.encode() if isinstance(body, str) else body,
        answer.get("FunctionError"),
        answer.get("ExecutedVersion") or "$LATEST",
    )
