"""Function URLs and reserved concurrency on local AWS."""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

KEY = Credentials("test", "test")
ECHO = """
import time
def handler(event, context):
    if "requestContext" not in event:
        time.sleep(event.get("seconds", 0))
        return "done"
    path = event["rawPath"]
    if path == "/plain": return {"hello": "world"}
    if path == "/raise": raise ValueError("no")
    return {"statusCode": 201, "headers": {"X-Mine": "1"}, "body": __import__("json").dumps(event)}
"""


def eventually(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
    return value


def deploy(aws: Any) -> str:
    name = f"fn-{uuid.uuid4().hex[:8]}"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as built:
        built.writestr("app.py", ECHO)
    client = aws.client("lambda")
    client.create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/urls",
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
        Timeout=30,
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return name


@pytest.fixture(scope="module")
def function(local_aws: Any) -> str:
    return deploy(local_aws)


@pytest.fixture(scope="module")
def url(local_aws: Any, function: str) -> str:
    made = local_aws.client("lambda").create_function_url_config(FunctionName=function, AuthType="AWS_IAM")
    address = str(made["FunctionUrl"])
    eventually(lambda: reachable(address))
    return address


def reachable(address: str) -> bool:
    try:
        httpx.get(address)
    except httpx.ConnectError:
        return False
    return True


def signed(
    method: str, url: str, body: bytes = b"", *, key: Credentials = KEY, service: str = "lambda", **headers: str
) -> httpx.Response:
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    SigV4Auth(key, service, "us-east-1").add_auth(request)
    return httpx.request(method, url, content=body, headers=dict(request.headers))


def test_a_signed_request_is_an_event_of_format_2_and_its_answer_a_response(url: str) -> None:
    answer = signed(
        "POST", f"{url}users/7/a%20b?limit=20&tag=x&tag=y%2Fz", b'{"a": 1}', **{"content-type": "application/json"}
    )
    assert (answer.status_code, answer.headers["x-mine"]) == (201, "1")
    event = answer.json()
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == (
        "2.0", "/users/7/a b", "limit=20&tag=x&tag=y%2Fz"
    )  # fmt: skip
    assert event["queryStringParameters"] == {"limit": "20", "tag": "x,y/z"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "test"


def test_a_result_without_a_status_is_the_body(url: str) -> None:
    answer = signed("GET", f"{url}plain")
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (
        200, {"hello": "world"}, "application/json"
    )  # fmt: skip


def test_a_function_that_fails_is_a_bad_gateway(url: str) -> None:
    assert signed("GET", f"{url}raise").status_code == 502


def test_an_unsigned_request_is_forbidden(url: str) -> None:
    answer = httpx.get(f"{url}popular")
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert answer.json()["Message"].startswith("Forbidden.")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"key": Credentials("test", "guessed")}, "The request signature we calculated does not match"),
        ({"service": "execute-api"}, "Credential should be scoped to correct service: 'lambda'."),
    ],
)
def test_a_wrong_signature_is_forbidden(url: str, wrong: dict[str, Any], message: str) -> None:
    answer = signed("GET", url, **wrong)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    assert answer.json()["message"].startswith(message)


def test_a_body_that_was_changed_is_forbidden(url: str) -> None:
    request = AWSRequest(method="POST", url=url, data=b"signed")
    SigV4Auth(KEY, "lambda", "us-east-1").add_auth(request)
    assert httpx.post(url, content=b"forged", headers=dict(request.headers)).status_code == 403


def test_a_presigned_url_needs_no_header(url: str) -> None:
    request = AWSRequest(method="GET", url=f"{url}plain")
    SigV4QueryAuth(KEY, "lambda", "us-east-1", expires=60).add_auth(request)
    assert httpx.get(str(request.url)).json() == {"hello": "world"}


def test_a_url_for_everyone_needs_no_signature(local_aws: Any) -> None:
    name = deploy(local_aws)
    client = local_aws.client("lambda")
    address = client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    eventually(lambda: reachable(address))
    assert httpx.get(f"{address}plain").json() == {"hello": "world"}
    client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    assert httpx.get(f"{address}plain").status_code == 403
    assert client.get_function_url_config(FunctionName=name)["AuthType"] == "AWS_IAM"
    client.delete_function_url_config(FunctionName=name)
    eventually(lambda: not reachable(address))
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function_url_config(FunctionName=name)


def test_a_function_at_its_reserved_concurrency_throttles(local_aws: Any, function: str, url: str) -> None:
    client = local_aws.client("lambda")
    client.invoke(FunctionName=function, Payload=b"{}")
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    try:
        assert client.get_function(FunctionName=function)["Concurrency"] == {"ReservedConcurrentExecutions": 1}
        started = threading.Event()

        def slow() -> Any:
            started.set()
            return client.invoke(FunctionName=function, Payload=json.dumps({"seconds": 3}))["Payload"].read()

        with ThreadPoolExecutor() as pool:
            first = pool.submit(slow)
            started.wait()
            time.sleep(1)
            with pytest.raises(client.exceptions.TooManyRequestsException) as refusal:
                # The SDK tries throttled calls again: one attempt shows the first answer.
                one_attempt(local_aws).invoke(FunctionName=function, Payload=b"{}")
            assert signed("GET", f"{url}plain").status_code == 429
            assert first.result() == b'"done"'
        answer = refusal.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert (answer["Error"]["Message"], answer["Type"]) == ("Rate Exceeded.", "User")
        assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert client.invoke(FunctionName=function, Payload=b"{}")["Payload"].read() == b'"done"'
    finally:
        client.delete_function_concurrency(FunctionName=function)


def one_attempt(aws: Any) -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=aws.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
