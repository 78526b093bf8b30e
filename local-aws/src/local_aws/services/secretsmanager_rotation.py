"""Rotation by Lambda function: the four steps, their retries, and what is left when one fails. All calls block.

Source: AWS Secrets Manager User Guide, "Rotation by Lambda function".
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_aws import upstream
from local_aws.context import Context
from local_aws.services import secretsmanager_schedule as schedule
from local_aws.services.rds_instances import instances_of
from local_aws.services.rds_secrets import managed_instance
from local_aws.settings import REGION
from local_aws.wire import AwsError, Params

log = logging.getLogger("local_aws.secretsmanager")

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PAUSES = (2.0, 10.0, 30.0)  # before the tries that follow a failed one
INVOKE_SECONDS = 900  # a Lambda function's longest time-out


class RotationError(Exception):
    """A step of a rotation failed."""


class Rotations:
    """Configurations in the table secretsmanager.rotations by ARN: LambdaARN, Rules, Next, Last, Pending, Failure."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.table = ctx.table("secretsmanager.rotations")
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def describe(self, arn: str) -> Params:
        """What DescribeSecret adds for a secret with rotation."""
        found = self.table.get(arn)
        if found is None:
            return {"RotationEnabled": False}
        shown = {
            "RotationEnabled": found["Enabled"],
            "RotationLambdaARN": found.get("LambdaARN"),
            "RotationRules": found.get("Rules"),
            "LastRotatedDate": found.get("Last"),
            "NextRotationDate": found.get("Next") if found["Enabled"] else None,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def configure(self, arn: str, lambda_arn: str | None, rules: Params) -> None:
        now = datetime.now(UTC)
        following = schedule.next_rotation(rules, now, upstream.schedule_expressions())
        self.table[arn] = self.table.get(arn, {}) | {
            "Enabled": True,
            "LambdaARN": lambda_arn,
            "Rules": rules,
            "Next": following,
        }

    def check_permission(self, lambda_arn: str) -> None:
        """Secrets Manager refuses a function that it may not invoke."""
        try:
            policy = json.loads(self.ctx.client("lambda").get_policy(FunctionName=lambda_arn)["Policy"])
        except ClientError:
            policy = {}
        principals = [json.dumps(statement.get("Principal")) for statement in policy.get("Statement", [])]
        if not any("secretsmanager.amazonaws.com" in principal for principal in principals):
            raise AwsError(
                "AccessDeniedException",
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
                "access to the principal secretsmanager.amazonaws.com.",
            )

    def rotate(self, arn: str, token: str) -> None:
        """Run the four steps; a failed try is repeated, and the last failure leaves AWSCURRENT where it was."""
        if not self._locks[arn].acquire(blocking=False):
            return
        try:
            self._event(arn, "RotationStarted")
            for pause in (*PAUSES, None):
                if self._try(arn, token) or pause is None or arn not in self.table:
                    return
                time.sleep(pause)
        finally:
            self._locks[arn].release()

    def _try(self, arn: str, token: str) -> bool:
        try:
            self._run(arn, token)
        except (RotationError, ClientError, BotoCoreError) as error:
            log.warning("the rotation of %s failed: %s", arn, error)
            if arn in self.table:
                self.table.update_fields(arn, Failure=str(error))
            self._event(arn, "RotationFailed", str(error))
            return False
        now, rules = datetime.now(UTC), self.table[arn]["Rules"]
        following = schedule.next_rotation(rules, now, upstream.schedule_expressions())
        self.table.update_fields(arn, Pending=None, Failure=None, Last=now, Next=following)
        self._event(arn, "RotationSucceeded")
        return True

    def _run(self, arn: str, token: str) -> None:
        self.stage(arn, token)
        for step in STEPS:
            self._invoke(arn, token, step)
        if "AWSCURRENT" not in self._stages(arn).get(token, []):
            raise RotationError(f"finishSecret did not move AWSCURRENT to version {token}")

    def stage(self, arn: str, token: str) -> None:
        """The version that is to become current exists before the first step, without a value."""
        if token not in self._stages(arn):
            secrets = self.ctx.client("secretsmanager")
            secrets.put_secret_value(SecretId=arn, ClientRequestToken=token, VersionStages=["AWSPENDING"])
        self.table.update_fields(arn, Pending=token)

    def test(self, arn: str, token: str) -> None:
        """What RotateSecret does when it shall not rotate now: try testSecret on a pending copy, then drop that."""
        secrets = self.ctx.client("secretsmanager")
        try:
            current = secrets.get_secret_value(SecretId=arn)["SecretString"]
            secrets.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=current, VersionStages=["AWSPENDING"]
            )
            self._invoke(arn, token, "testSecret")
        except (RotationError, ClientError, BotoCoreError, KeyError) as error:
            log.warning("the rotation function of %s failed its test: %s", arn, error)
            self._event(arn, "TestRotationFailed", str(error))
        finally:
            if token in self._stages(arn):
                secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=token)

    def _invoke(self, arn: str, token: str, step: str) -> None:
        answer = self._lambda().invoke(
            FunctionName=self.table[arn]["LambdaARN"],
            Payload=json.dumps({"Step": step, "SecretId": arn, "ClientRequestToken": token}),
        )
        if "FunctionError" in answer:
            detail = answer["Payload"].read().decode("utf-8", "replace")[:2000]
            raise RotationError(f"{step} of {self.table[arn]['LambdaARN']} failed: {detail}")

    def _lambda(self) -> Any:
        return _patient_lambda(self.ctx.settings.endpoint_url)

    def _stages(self, arn: str) -> dict[str, list[str]]:
        described = self.ctx.client("secretsmanager").describe_secret(SecretId=arn)
        return dict(described.get("VersionIdsToStages", {}))

    def pending(self, arn: str) -> str | None:
        """The version of a rotation that has not come to its end."""
        stages = self._stages(arn)
        staged = next((version for version, labels in stages.items() if "AWSPENDING" in labels), None)
        return None if staged is None or "AWSCURRENT" in stages[staged] else staged

    def rotate_managed(self, arn: str) -> str:
        """A secret that RDS owns: RDS changes the password of the database and of the secret together."""
        instances = instances_of(self.ctx)
        instance = managed_instance(instances.table, arn)
        if instance is None:
            raise AwsError("InvalidRequestException", "The DB instance of this secret does not exist.")
        version = instances.rotate(instance)
        self.table[arn] = self.table.get(arn, {}) | {"Last": datetime.now(UTC), "Enabled": True}
        return version

    def due(self) -> list[str]:
        now = datetime.now(UTC)
        return [
            arn for arn, found in self.table.items() if found["Enabled"] and found.get("Next") and found["Next"] <= now
        ]

    def rotate_due(self, arn: str) -> None:
        found = self.table[arn]
        following = schedule.next_rotation(found["Rules"], datetime.now(UTC), upstream.schedule_expressions())
        self.table.update_fields(arn, Next=following)
        if found.get("LambdaARN"):
            self.rotate(arn, found.get("Pending") or str(uuid.uuid4()))
        else:
            self.rotate_managed(arn)

    def _event(self, arn: str, name: str, error: str = "") -> None:
        detail = {
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": name,
            "eventType": "AwsServiceEvent",
            "additionalEventData": {"SecretId": arn} | ({"errorMessage": error} if error else {}),
        }
        upstream.emit_event("aws.secretsmanager", "AWS Service Event via CloudTrail", detail, [arn])


@cache
def _patient_lambda(endpoint_url: str) -> Any:
    """A client that waits as long as a function may run, and never runs a step twice on its own."""
    return boto3.client(
        "lambda",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the laptop's dummy key, not a secret
        config=Config(read_timeout=INVOKE_SECONDS + 10, retries={"total_max_attempts": 1}),
    )
