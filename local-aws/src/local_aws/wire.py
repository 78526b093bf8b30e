"""The AWS wire protocol, both ways: HTTP request → action and parameters; result or error → HTTP response.

botocore's service models say how each action is spoken; moto.core holds the server-side parsers and
serialisers for every protocol, botocore the client-side ones. A service of ours only ever sees dictionaries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode

import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from werkzeug.datastructures import Headers, MultiDict

from local_aws.rest import path_parameters, service_model

Params = dict[str, Any]
_BODY_HEADERS = frozenset({"content-length", "content-type", "content-encoding", "content-md5", "x-amz-target"})


class AwsError(Exception):
    """An error as the service itself would answer it: `code` is AWS's error code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class HttpRequest:
    """An HTTP request as it arrived; header names are lower case."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class AwsRequest:
    """One API call. `params` has the member names and Python types of botocore's input shape."""

    service: str  # botocore's service name: "glue", "rds", "stepfunctions", "logs", …
    action: str  # "StartJobRun"
    params: Params
    http: HttpRequest


def _operation(service: str, action: str) -> OperationModel:
    return service_model(service).operation_model(action)


def parse_request(service: str, action: str, http: HttpRequest) -> AwsRequest:
    """Read an action's parameters from the request by the protocol of its service."""
    operation = _operation(service, action)
    protocol = _protocol_of(service, http)
    parser = PROTOCOL_PARSERS[protocol](operation)
    values = MultiDict(
        (name, value)
        for text in (http.query_string, http.body.decode("utf-8", "replace") if protocol in ("query", "ec2") else "")
        for name, many in parse_qs(text, keep_blank_values=True).items()
        for value in many
    )
    labels = path_parameters(service, http.method, http.path, http.query_string) if "rest" in protocol else {}
    params = parser.parse(
        {
            "body": http.body,
            "headers": Headers(http.headers),
            "method": http.method,
            "url_params": labels,
            "url_path": http.path,
            "values": values,
        }
    )
    return AwsRequest(service, action, params or {}, http)


def with_params(request: AwsRequest, params: Params) -> AwsRequest:
    """The same call with other parameters, written anew as a client would write it."""
    model = _client_model(request.service)
    operation = model.operation_model(request.action)
    wire = create_serializer(str(model.metadata["protocol"]), include_validation=False).serialize_to_request(
        params, operation
    )
    path, _, query = wire["url_path"].partition("?")
    query = query or urlencode(wire["query_string"], doseq=True)
    body = wire["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    headers = {name: value for name, value in request.http.headers.items() if name not in _BODY_HEADERS}
    headers |= {name.lower(): str(value) for name, value in wire["headers"].items()}
    payload = body.encode() if isinstance(body, str) else bytes(body or b"")
    http = HttpRequest(wire["method"], path, query, headers | {"content-length": str(len(payload))}, payload)
    return AwsRequest(request.service, request.action, params, http)


@cache
def _client_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def serialize_result(request: AwsRequest, result: Params) -> HttpResponse:
    """Write an action's result as its service answers it."""
    return _serialize(request, result)


def serialize_error(request: AwsRequest, error: AwsError) -> HttpResponse:
    """Write an error as its service answers it (error shapes need `code` and `message`)."""
    response = _serialize(request, _modelled(error))
    return HttpResponse(error.status, response.headers | {"x-amzn-errortype": error.code}, response.body)


def parse_response(request: AwsRequest, response: HttpResponse) -> Params:
    """Read an upstream's answer to `request`; raises AwsError when it is an error."""
    operation = _operation(request.service, request.action)
    protocol = _protocol_of(request.service, request.http)
    parsed: Params = create_parser(protocol).parse(
        {"status_code": response.status, "headers": HeadersDict(response.headers), "body": response.body},
        operation.output_shape,
    )
    if "Error" in parsed and response.status >= 300:
        error = parsed["Error"]
        raise AwsError(error.get("Code", "InternalFailure"), error.get("Message", ""), response.status)
    parsed.pop("ResponseMetadata", None)
    return parsed


def _protocol_of(service: str, http: HttpRequest) -> str:
    """The protocol this request speaks; a service may take several (CloudWatch: JSON, CBOR and query)."""
    metadata = service_model(service).metadata
    content_type = http.headers.get("content-type", "")
    if "x-www-form-urlencoded" in content_type:
        return "ec2" if metadata["protocol"] == "ec2" else "query"
    if "x-amz-json" in content_type:
        return "json"
    return str(metadata["protocol"])


def _serialize(request: AwsRequest, result: Params | Exception) -> HttpResponse:
    protocol = _protocol_of(request.service, request.http)
    serializer = get_serializer_class(request.service, protocol)(_operation(request.service, request.action))
    wire = serializer.serialize(result)
    body = wire["body"]
    return HttpResponse(
        wire["status_code"],
        {name.lower(): value for name, value in wire["headers"].items()},
        body if isinstance(body, bytes) else str(body).encode(),
    )


def _modelled(error: AwsError) -> Exception:
    exception = type(error.code, (ServiceException,), {"code": error.code, "message": error.message})
    return exception(error.message)  # type: ignore[no-any-return]
