"""boto3 clients from the environment, with time-outs that fit a page, and the facts that Terraform left in SSM."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from storefront.errors import SecretUnavailableError

_SECRET_LENGTH = 16
_FOUND_SECONDS, _ABSENT_SECONDS = 60.0, 10.0


def client(service: str) -> Any:
    """A client for work behind the pages: two tries, seconds at most."""
    config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # the service is no literal


def hasty_client(service: str, budget: float) -> Any:
    """A client that gives up after `budget` seconds and never tries twice."""
    config = Config(
        connect_timeout=budget, read_timeout=budget, retries={"total_max_attempts": 1}, max_pool_connections=32
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


class Parameters:
    """SSM parameters below /<project>/, remembered for a minute: another root may come or go while we run."""

    def __init__(self, ssm: Any, project: str) -> None:
        self._ssm, self._project = ssm, project
        self._held: dict[str, tuple[str | None, float]] = {}

    def get(self, name: str) -> str | None:
        """The value of /<project>/<name>; None while it is absent or SSM does not answer."""
        value, until = self._held.get(name, (None, 0.0))
        if time.monotonic() < until:
            return value
        try:
            fresh: str | None = self._ssm.get_parameter(Name=f"/{self._project}/{name}")["Parameter"]["Value"]
        except self._ssm.exceptions.ParameterNotFound:
            fresh = None
        except (BotoCoreError, ClientError):
            fresh = value  # what held a minute ago is the better guess
        seconds = _FOUND_SECONDS if fresh is not None else _ABSENT_SECONDS
        self._held[name] = (fresh, time.monotonic() + seconds)
        return fresh


def secret_fields(secrets: Any, arn: str, *names: str) -> dict[str, str]:
    """Fields of a secret that is a JSON object; raises SecretUnavailableError when one is missing or short."""
    try:
        held = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
        found = {name: str(held[name]) for name in names}
    except (BotoCoreError, ClientError, KeyError, TypeError, ValueError) as problem:
        raise SecretUnavailableError(
            f"Secret {arn} has no fields {', '.join(names)} that we may read ({type(problem).__name__}).",
            "Let the role read it, and give it a value.",
        ) from problem
    if short := [name for name, text in found.items() if len(text) < _SECRET_LENGTH]:
        raise SecretUnavailableError(
            f"{', '.join(short)} of secret {arn} is shorter than {_SECRET_LENGTH} characters.",
            "Put random texts there.",
        )
    return found
