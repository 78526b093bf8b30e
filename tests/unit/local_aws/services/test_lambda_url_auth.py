"""Signatures as botocore makes them are accepted, whatever is in path and query; anything else is denied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from local_aws.services.lambda_url_auth import DeniedError, caller_of
from local_aws.wire import HttpRequest


def signed(url: str, method: str = "GET", body: bytes = b"", key: str = "test") -> HttpRequest:
    request = AWSRequest(method=method, url=url, data=body, headers={"content-type": "application/json"})
    SigV4Auth(Credentials(key, "test"), "lambda", "us-east-1").add_auth(request)
    parts = urlsplit(url)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": parts.netloc}
    return HttpRequest(method, parts.path, parts.query, headers, body)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/",
        "http://127.0.0.1:9000/items/S10%5F1678/similar?limit=20",
        "http://127.0.0.1:9000/a%20b?x=1&x=0&y=&z=a%2Fb%26c",
        "http://127.0.0.1:9000/caf%C3%A9?city=S%C3%A3o%20Paulo",
    ],
)
def test_a_client_of_the_laptop_is_known(url: str) -> None:
    assert caller_of(signed(url, "POST", b'{"a": 1}'), datetime.now(UTC)) == "test"


def test_a_functions_own_key_is_known() -> None:
    assert caller_of(signed("http://127.0.0.1:9000/", key="000000000000"), datetime.now(UTC)) == "000000000000"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"method": "DELETE"}, "InvalidSignatureException"),
        ({"path": "/other"}, "InvalidSignatureException"),
        ({"query_string": "limit=1000"}, "InvalidSignatureException"),
        ({"body": b"{}"}, "InvalidSignatureException"),
        ({"headers": {}}, "AccessDeniedException"),
    ],
)
def test_a_request_that_was_changed_is_denied(changes: dict[str, object], kind: str) -> None:
    request = signed("http://127.0.0.1:9000/popular?limit=10")
    with pytest.raises(DeniedError) as denied:
        caller_of(HttpRequest(**(vars(request) | changes)), datetime.now(UTC))
    assert denied.value.kind == kind


def test_an_old_signature_and_a_strange_key_are_denied() -> None:
    with pytest.raises(DeniedError, match="expired"):
        caller_of(signed("http://127.0.0.1:9000/"), datetime.now(UTC) + timedelta(minutes=6))
    with pytest.raises(DeniedError, match="security token"):
        caller_of(signed("http://127.0.0.1:9000/", key="AKIASTRANGER"), datetime.now(UTC))
