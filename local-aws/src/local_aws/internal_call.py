"""Calls of our own services to the emulator behind, without a socket and without holding a thread while they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.rest import service_model
from local_aws.settings import REGION
from local_aws.wire import AwsRequest, HttpRequest, Params, with_params

if TYPE_CHECKING:
    from local_aws.context import Context


def request_for(service: str, action: str, params: Params) -> AwsRequest:
    """An API call as a client of the laptop would sign and send it."""
    metadata = service_model(service).metadata
    scope = metadata.get("signingName") or metadata["endpointPrefix"]
    credential = f"Credential=test/20260101/{REGION}/{scope}/aws4_request"
    headers = {
        "host": "127.0.0.1",
        "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
    }
    return with_params(AwsRequest(service, action, {}, HttpRequest("POST", "/", "", headers, b"")), params)


async def call_upstream(ctx: Context, service: str, action: str, **params: Any) -> Params:
    """The parsed result of an action that the emulator serves; raises AwsError as the service answers it."""
    return await ctx.upstream(request_for(service, action, params))
