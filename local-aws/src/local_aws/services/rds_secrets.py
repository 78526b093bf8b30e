"""Master passwords that RDS keeps in Secrets Manager ("Password management with Amazon RDS")."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_aws.context import Context
from local_aws.engines.database import new_password
from local_aws.store import Table
from local_aws.wire import AwsError, Params

PREFIX = "rds!db-"
OWNED_RULES: Params = {"AutomaticallyAfterDays": 7}  # RDS rotates every seven days


@dataclass(frozen=True)
class MasterSecrets:
    """All calls block."""

    ctx: Context

    @property
    def _client(self) -> Any:
        return self.ctx.client("secretsmanager")

    def create(self, instance: Params, password: str, key: str | None) -> Params:
        """A secret for an instance's master user; returns its MasterUserSecret."""
        made = self._client.create_secret(
            Name=f"{PREFIX}{uuid.uuid4()}",
            Description=f"The secret associated with the primary RDS DB instance: {instance['DBInstanceArn']}",
            SecretString=_document(instance["MasterUsername"], password),
            KmsKeyId=self.key_arn(key or "alias/aws/secretsmanager"),
            Tags=[
                {"Key": "aws:rds:primaryDBInstanceArn", "Value": instance["DBInstanceArn"]},
                {"Key": "aws:secretsmanager:owningService", "Value": "rds"},
            ],
        )
        return {
            "SecretArn": made["ARN"],
            "SecretStatus": "active",
            "KmsKeyId": self.key_arn(key or "alias/aws/secretsmanager"),
        }

    def key_arn(self, key: str) -> str:
        try:
            return str(self.ctx.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"])
        except ClientError as error:
            if key.startswith("alias/aws/"):
                return key
            raise AwsError("KMSKeyNotAccessibleFault", f"The specified KMS key [{key}] does not exist.") from error

    def password(self, arn: str) -> str:
        return str(json.loads(self._client.get_secret_value(SecretId=arn)["SecretString"])["password"])

    def begin(self, arn: str, user: str) -> tuple[str, str]:
        """Stage a new password as AWSPENDING, or take up one that a crash left there; returns its version and it."""
        version = self._version(arn, "AWSPENDING")
        if version and version != self._version(arn, "AWSCURRENT"):
            staged = self._client.get_secret_value(SecretId=arn, VersionId=version)
            return version, json.loads(staged["SecretString"])["password"]
        password = new_password()
        made = self._client.put_secret_value(
            SecretId=arn,
            ClientRequestToken=str(uuid.uuid4()),
            SecretString=_document(user, password),
            VersionStages=["AWSPENDING"],
        )
        return made["VersionId"], password

    def finish(self, arn: str, version: str) -> None:
        """The staged password is the database's now."""
        current = self._version(arn, "AWSCURRENT")
        move = {"RemoveFromVersionId": current} if current else {}
        self._client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=version, **move
        )
        self._client.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=version)

    def unfinished(self, arn: str) -> bool:
        """Whether a crash left a rotation half done."""
        version = self._version(arn, "AWSPENDING")
        return version is not None and version != self._version(arn, "AWSCURRENT")

    def put(self, arn: str, user: str, password: str) -> None:
        self._client.put_secret_value(SecretId=arn, SecretString=_document(user, password))

    def delete(self, arn: str) -> None:
        """RDS deletes a secret of its own at once, without a recovery window."""
        self._client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    def _version(self, arn: str, stage: str) -> str | None:
        versions = self._client.describe_secret(SecretId=arn).get("VersionIdsToStages", {})
        return next((version for version, stages in versions.items() if stage in stages), None)


def managed_instance(instances: Table, arn: str) -> str | None:
    """The identifier of the instance whose master password a secret holds."""
    for identifier, record in instances.items():
        if record.get("MasterUserSecret", {}).get("SecretArn") == arn:
            return identifier
    return None


def _document(user: str, password: str) -> str:
    return json.dumps({"username": user, "password": password})
