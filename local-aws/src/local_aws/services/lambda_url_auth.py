"""Signature Version 4 of a request to a function URL, checked as Lambda checks it. Pure.

Source: "Create a signed AWS API request"; the laptop's keys have one secret, whoever holds them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote

from botocore.utils import normalize_url_path

from local_aws.settings import REGION
from local_aws.wire import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
LARGEST_SKEW_SECONDS = 300
SECRET = "test"  # noqa: S105 - the laptop's dummy secret
_UNRESERVED = "-_.~"
_HEADER = re.compile(rf"{ALGORITHM}\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)")
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class DeniedError(Exception):
    """403; `kind` is the value of x-amzn-ErrorType, `field` how the body names the message."""

    def __init__(self, kind: str, message: str, field: str = "message") -> None:
        super().__init__(message)
        self.kind, self.message, self.field = kind, message, field


@dataclass(frozen=True)
class Signed:
    """A request's signature, out of its Authorization header or its query."""

    access_key: str
    scope: str  # 20261121/us-east-1/lambda/aws4_request
    headers: tuple[str, ...]
    signature: str
    moment: str
    expires: int | None = None


def caller_of(http: HttpRequest, now: datetime) -> str:
    """The access key that signed the request; raises DeniedError."""
    signed = _signed(http)
    if signed is None:
        raise DeniedError("AccessDeniedException", _FORBIDDEN, "Message")
    _check_scope(signed)
    _check_time(signed, now)
    if not (signed.access_key == "test" or re.fullmatch(r"\d{12}", signed.access_key)):
        message = "The security token included in the request is invalid."
        raise DeniedError("UnrecognizedClientException", message)
    if not hmac.compare_digest(signature(http, signed), signed.signature):
        raise DeniedError("InvalidSignatureException", _MISMATCH)
    return signed.access_key


def _signed(http: HttpRequest) -> Signed | None:
    found = _HEADER.match(http.headers.get("authorization", ""))
    if found:
        key, _, scope = found[1].partition("/")
        moment = http.headers.get("x-amz-date", "")
        return Signed(key, scope, tuple(found[2].split(";")), found[3], moment)
    query = dict(parse_qsl(http.query_string, keep_blank_values=True))
    if query.get("X-Amz-Algorithm") != ALGORITHM or "X-Amz-Signature" not in query:
        return None
    key, _, scope = query.get("X-Amz-Credential", "").partition("/")
    headers = tuple(query.get("X-Amz-SignedHeaders", "").split(";"))
    expires = int(query.get("X-Amz-Expires") or 0)
    return Signed(key, scope, headers, query["X-Amz-Signature"], query.get("X-Amz-Date", ""), expires)


def _check_scope(signed: Signed) -> None:
    _day, region, service, _end = (*signed.scope.split("/"), "", "", "", "")[:4]
    if service != "lambda":
        raise DeniedError("InvalidSignatureException", "Credential should be scoped to correct service: 'lambda'.")
    if region != REGION:
        raise DeniedError(
            "InvalidSignatureException", f"Credential should be scoped to a valid region, not '{region}'."
        )
    if "host" not in signed.headers:
        raise DeniedError("InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization.")


def _check_time(signed: Signed, now: datetime) -> None:
    try:
        made = datetime.strptime(signed.moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = f"Date must be in ISO-8601 'basic format'. Got '{signed.moment}'."
        raise DeniedError("IncompleteSignatureException", message) from None
    age = (now - made).total_seconds()
    if not -LARGEST_SKEW_SECONDS <= age <= max(signed.expires or 0, LARGEST_SKEW_SECONDS):
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        raise DeniedError("InvalidSignatureException", f"Signature expired: {signed.moment} is not near {stamp}.")


def signature(http: HttpRequest, signed: Signed) -> str:
    """What the signature of this request must be."""
    text = "\n".join(
        [ALGORITHM, signed.moment, signed.scope, hashlib.sha256(canonical_request(http, signed).encode()).hexdigest()]
    )
    key = f"AWS4{SECRET}".encode()
    for part in signed.scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def canonical_request(http: HttpRequest, signed: Signed) -> str:
    """Of the request as it came: encoded once in the URL, and the path once more."""
    pairs = (pair.partition("=")[::2] for pair in http.query_string.split("&") if pair)
    encoded = sorted(
        (quote(unquote(name), safe=_UNRESERVED), quote(unquote(value), safe=_UNRESERVED))
        for name, value in pairs
        if signed.expires is None or name != "X-Amz-Signature"
    )
    headers = "".join(f"{name}:{' '.join(http.headers.get(name, '').split())}\n" for name in signed.headers)
    return "\n".join(
        [
            http.method,
            quote(normalize_url_path(http.path), safe="/" + _UNRESERVED),
            "&".join(f"{name}={value}" for name, value in encoded),
            headers,
            ";".join(signed.headers),
            hashlib.sha256(http.body).hexdigest(),
        ]
    )


def iam_identity(access_key: str, account: str) -> Mapping[str, object]:
    """requestContext.authorizer.iam."""
    return {
        "accessKey": access_key,
        "accountId": account,
        "callerId": account,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account}:root",
        "userId": account,
    }
