"""Admin passwords that Redshift Serverless keeps in Secrets Manager (manageAdminPassword)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_aws.context import Context
from local_aws.engines.database import new_password
from local_aws.services.redshift_records import invalid
from local_aws.wire import Params

AWS_KEY = "alias/aws/secretsmanager"


@dataclass(frozen=True)
class AdminSecrets:
    """All calls block."""

    ctx: Context

    @property
    def _client(self) -> Any:
        return self.ctx.client("secretsmanager")

    def create(self, namespace: str, namespace_arn: str, user: str, key: str | None) -> str:
        """A secret of Redshift's own for the admin user; returns its ARN."""
        made = self._client.create_secret(
            Name=f"redshift!{namespace}-{user}",
            Description=f"Secret created by Amazon Redshift Serverless for the admin user of {namespace}.",
            SecretString=json.dumps({"username": user, "password": new_password()}),
            Tags=[
                {"Key": "aws:redshift-serverless:namespaceArn", "Value": namespace_arn},
                {"Key": "aws:secretsmanager:owningService", "Value": "redshift"},
            ],
            **({"KmsKeyId": key} if key else {}),
        )
        return str(made["ARN"])

    def delete(self, secret: str) -> None:
        """Redshift deletes a secret of its own at once, without a recovery window."""
        self._client.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)

    def key_arn(self, key: str) -> str:
        try:
            about: Params = self.ctx.client("kms").describe_key(KeyId=key)["KeyMetadata"]
        except ClientError as error:
            raise invalid(f"The KMS key {key} does not exist or cannot be used.") from error
        return str(about["Arn"])

    def login(self, secret: str) -> dict[str, str]:
        """Username and password of a secret, whosever it is."""
        try:
            text = self._client.get_secret_value(SecretId=secret)["SecretString"]
        except ClientError as error:
            raise invalid(f"The secret {secret} cannot be read: {error.response['Error']['Message']}") from error
        try:
            document = json.loads(text)
            return {"username": document["username"], "password": document["password"]}
        except (ValueError, KeyError, TypeError) as error:
            raise invalid(f"The secret {secret} is not JSON with username and password.") from error
