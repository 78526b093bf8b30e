"""The source's login, from Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from batch_etl.errors import SourceAccessDenied
from batch_etl.sources.mysql import Login

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def read_login(secrets: SecretsManagerClient, arn: str) -> Callable[[], Login]:
    """A function that reads the secret anew each time: its password changes under rotation."""

    def read() -> Login:
        try:
            text = secrets.get_secret_value(SecretId=arn)["SecretString"]
            content = json.loads(text)
            return Login(content["username"], content["password"])
        except ClientError as problem:
            raise SourceAccessDenied(
                f"Secret {arn} cannot be read: {problem.response['Error'].get('Message')}. Check that its rotation "
                "has run and that the job's role may read it."
            ) from problem
        except (KeyError, ValueError) as problem:
            raise SourceAccessDenied(
                f"Secret {arn} is not a JSON object with username and password. Rotate it, or write it so."
            ) from problem

    return read
