"""Asking the API for a page: over one connection, with time-outs, and again when it makes sense, until time is up."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode, urlsplit

from botocore.exceptions import ClientError

from batch_etl.errors import ApiCursorRefused, ApiRefused, ApiUnavailable
from batch_etl.sources.api.page import PageMalformed
from batch_etl.sources.api.settings import Endpoint

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

T = TypeVar("T")
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_UNKNOWN_CURSOR = {400, 404, 410, 422}
_LARGEST_PAGE = 64 * 1024 * 1024
_CHUNK = 65_536
_AGENT = "retail-api-fetch/1"  # firewalls refuse who gives no name


class OutOfTime(Exception):  # noqa: N818 - says what is the case; never leaves the package
    """What would have to be waited for lies behind the deadline; `wait` in seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"{wait:.0f} s would have to be waited")
        self.wait = wait


class NoPage(Exception):  # noqa: N818 - never leaves the package
    """The API answered, but never with a page; `body` is what came at last."""

    def __init__(self, what: str, body: bytes) -> None:
        super().__init__(what)
        self.body = body


@dataclass(frozen=True)
class Budget:
    """Time until `deadline`, on the clock that it was read from."""

    deadline: float
    clock: Callable[[], float] = time.monotonic

    @property
    def left(self) -> float:
        return self.deadline - self.clock()


@dataclass(frozen=True)
class Patience:
    """Seconds that an answer may take in all, tries for one page, and waits between them: doubled, half by chance."""

    answer: float = 20.0
    tries: int = 6
    first_wait: float = 0.5
    longest_wait: float = 20.0

    def wait(self, attempt: int) -> float:
        most = min(self.longest_wait, self.first_wait * 2.0**attempt)
        return most * random.uniform(0.5, 1.0)  # noqa: S311 - so that clients do not come back all at once


class _Passing(Exception):  # noqa: N818
    """Asked again, it may answer; `wait` is what it asked for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass
class ApiClient:
    """`reread_token`: the secret is read at first use, and again when the API no longer takes what it said."""

    endpoint: Endpoint
    secrets: SecretsManagerClient
    budget: Budget
    patience: Patience = field(default_factory=Patience)
    retries: int = 0
    _token: str | None = field(default=None, repr=False)
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def get(self, cursor: str | None, read: Callable[[bytes], T]) -> tuple[bytes, T]:
        """The body of the page at `cursor` and what `read` makes of it.

        Raises OutOfTime; ApiUnavailable when all tries failed, NoPage when the last of them was answered;
        ApiRefused; ApiCursorRefused.
        """
        problem: Exception | None = None
        body = b""
        for attempt in range(self.patience.tries):
            if self.budget.left < self.patience.answer:
                raise OutOfTime(0)
            try:
                body = self._ask(cursor)
                return body, read(body)
            except (_Passing, PageMalformed) as passing:
                problem = passing
            wait = getattr(problem, "wait", None)
            self._sleep(self.patience.wait(attempt) if wait is None else wait, last=attempt + 1 == self.patience.tries)
        if isinstance(problem, PageMalformed):
            asked = f"{self.endpoint.url} was asked {self.patience.tries} times"
            raise NoPage(f"{asked}, and what came at last is no page: {problem}.", body)
        raise ApiUnavailable(
            f"{self.endpoint.url} was asked {self.patience.tries} times for one page, at last: {problem}. The cursor "
            "stays where it is, and the next call goes on from there."
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _sleep(self, seconds: float, last: bool) -> None:
        if last:
            return
        if seconds + self.patience.answer > self.budget.left:
            raise OutOfTime(seconds)
        self.retries += 1
        time.sleep(seconds)

    def _ask(self, cursor: str | None) -> bytes:
        status, headers, body = self._exchange(cursor)
        if status == HTTPStatus.UNAUTHORIZED and self.endpoint.secret_arn:
            self._token = None  # it may have been rotated
            status, headers, body = self._exchange(cursor)
        if status == HTTPStatus.OK:
            return body
        if status in _PASSING:
            raise _Passing(f"status {status}", _retry_after(headers.get("retry-after")))
        if cursor is not None and status in _UNKNOWN_CURSOR:
            raise ApiCursorRefused(
                f"{self.endpoint.url} answers {status} to the cursor {cursor!r} that it gave. The next call begins "
                "with the first page again; what is read twice counts once."
            )
        raise ApiRefused(
            f"{self.endpoint.url} answers {status}{_towards(headers)}. Check the address, and the secret "
            f"{self.endpoint.secret_arn or '(none is set)'}: what it holds must open the API."
        )

    def _exchange(self, cursor: str | None) -> tuple[int, http.client.HTTPMessage, bytes]:
        until = time.monotonic() + self.patience.answer
        headers = self._headers()
        try:
            connection = self._connected()
            connection.request("GET", self._target(cursor), headers=headers)
            response = connection.getresponse()
            return response.status, response.headers, _body(response, until)
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise _Passing(f"{type(problem).__name__}: {problem}") from problem

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            place = urlsplit(self.endpoint.url)
            kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(str(place.hostname), place.port, timeout=self.patience.answer)
        return self._connection

    def _target(self, cursor: str | None) -> str:
        place = urlsplit(self.endpoint.url)
        asked = {self.endpoint.limit_parameter: str(self.endpoint.page_size)}
        if cursor is not None:
            asked[self.endpoint.cursor_parameter] = cursor
        query = "&".join(part for part in (place.query, urlencode(asked)) if part)
        return f"{place.path or '/'}?{query}"

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json", "user-agent": _AGENT}
        if self.endpoint.secret_arn:
            self._token = self._token or self._read_token()
            headers[self.endpoint.auth_header] = f"{self.endpoint.auth_scheme} {self._token}".strip()
        return headers

    def _read_token(self) -> str:
        arn, name = self.endpoint.secret_arn, self.endpoint.secret_field
        try:
            content = json.loads(self.secrets.get_secret_value(SecretId=arn)["SecretString"])
            return str(content[name])
        except ClientError as problem:
            said = problem.response["Error"].get("Message")
            raise ApiRefused(f"Secret {arn} cannot be read: {said}. Check the function's role.") from problem
        except (KeyError, ValueError, TypeError):
            raise ApiRefused(f"Secret {arn} is no JSON object with {name}. Write it so, or name its field.") from None


def _body(response: http.client.HTTPResponse, until: float) -> bytes:
    """All of it, within the time and the size that a page may have; raises OSError or HTTPException when less came."""
    length = response.getheader("content-length")
    announced = int(length) if length and length.isdecimal() and not response.chunked else None
    received = bytearray()
    while announced is None or len(received) < announced:
        part = response.read1(_CHUNK if announced is None else min(_CHUNK, announced - len(received)))
        if not part:
            break
        received += part
        if time.monotonic() > until:
            raise TimeoutError("the answer takes too long")
        if len(received) > _LARGEST_PAGE:
            raise OSError(f"the answer is larger than {_LARGEST_PAGE} bytes")
    if announced is not None and len(received) < announced:
        raise http.client.IncompleteRead(bytes(received), announced - len(received))
    response.close()
    return bytes(received)


def _retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date ("RFC 9110", 10.2.3)."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _towards(headers: http.client.HTTPMessage) -> str:
    place = headers.get("location")
    return f", a redirect to {place}, which is not followed: the token is for this address alone" if place else ""
