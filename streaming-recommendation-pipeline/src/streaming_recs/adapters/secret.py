"""The database's login from Secrets Manager, read when it is needed and never kept in a variable of the environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from streaming_recs.adapters.aws import client
from streaming_recs.errors import StoreUnavailableError

Stage = Literal["AWSCURRENT", "AWSPENDING"]


@dataclass(frozen=True)
class Login:
    """Who logs in; `repr` keeps the password to itself."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


ReadLogin = Callable[[Stage], Login | None]


def read_login(arn: str) -> ReadLogin:
    """A function that reads the secret anew each time: the password changes under rotation.

    It returns None for a stage that the secret does not have now.
    """

    def read(stage: Stage) -> Login | None:
        secrets = client("secretsmanager")
        try:
            text = secrets.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
            content = json.loads(text)
            return Login(content["username"], content["password"])
        except secrets.exceptions.ResourceNotFoundException:
            return None
        except (KeyError, ValueError) as problem:
            raise StoreUnavailableError(
                f"Secret {arn} is not a JSON object with username and password.", "Rotate it."
            ) from problem
        except secrets.exceptions.ClientError as problem:
            raise StoreUnavailableError(
                f"Secret {arn} cannot be read: {problem}.", "Let the function's role read it."
            ) from problem

    return read
