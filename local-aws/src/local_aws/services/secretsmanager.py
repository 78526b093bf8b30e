"""Secrets Manager: rotation that runs, versions without a value, secrets that RDS owns. All else is the emulator's."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from local_aws.context import INTERNAL_AGENT, Context
from local_aws.services import secretsmanager_schedule as schedule
from local_aws.services.base import Service, action
from local_aws.services.rds_secrets import OWNED_RULES, PREFIX
from local_aws.services.secretsmanager_rotation import Rotations
from local_aws.wire import AwsError, AwsRequest, Params

log = logging.getLogger("local_aws.secretsmanager")

LOOK_SECONDS = 15.0


class SecretsManagerService(Service):
    """What the emulator does not do, and where it differs from AWS."""

    name: ClassVar[str] = "secretsmanager"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.rotations = Rotations(ctx)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for arn, found in list(self.rotations.table.items()):
            if found.get("Pending") and not found.get("Failure"):
                self._background(self.rotations.rotate, arn, found["Pending"])
        self._spawn(self._keep_schedules())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _keep_schedules(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for arn in self.rotations.due():
                try:
                    await asyncio.to_thread(self.rotations.rotate_due, arn)
                except Exception:
                    log.exception("the scheduled rotation of %s failed", arn)

    def _background(self, step: Callable[..., Any], *arguments: Any) -> None:
        self._spawn(asyncio.to_thread(step, *arguments))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, request: AwsRequest, name: str, **params: Any) -> Params:
        """Another action of the emulator, on behalf of this request."""
        return await self.ctx.upstream(AwsRequest(self.name, name, {}, request.http), params)

    # --- secrets and versions ---

    @action("CreateSecret")
    async def create_secret(self, request: AwsRequest) -> Params:
        answer = await self.ctx.upstream(request)
        if not has_value(request.params):
            # The emulator makes a first version all the same; on AWS there is none before a value is put.
            secret, version = answer["ARN"], answer.pop("VersionId")
            await self._unlabel(request, secret, version, "AWSCURRENT")
        if request.params["Name"].startswith(PREFIX):
            self.rotations.configure(answer["ARN"], None, OWNED_RULES)
        return answer

    @action("GetSecretValue")
    async def get_secret_value(self, request: AwsRequest) -> Params:
        answer = await self.ctx.upstream(request)
        version, stage = request.params.get("VersionId"), request.params.get("VersionStage")
        mislabelled = version and stage and stage not in answer.get("VersionStages", [])
        if not has_value(answer) or mislabelled:
            wanted = f"VersionId: {version}" if version else f"staging label: {stage or 'AWSCURRENT'}"
            raise AwsError(
                "ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {wanted}"
            )
        return answer

    @action("PutSecretValue")
    async def put_secret_value(self, request: AwsRequest) -> Params:
        params = dict(request.params)
        if not has_value(params) and not internal(request):
            raise AwsError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
        secret = await self._ask(request, "DescribeSecret", SecretId=params["SecretId"])
        self._refuse_owned(request, secret)
        versions = secret.get("VersionIdsToStages", {})
        params.setdefault("ClientRequestToken", str(uuid.uuid4()))
        if same := await self._same_version(request, params):
            return same
        stages = params.get("VersionStages") or ["AWSCURRENT"]
        first = not versions and has_value(params)  # the first version with a value is current, whatever it is called
        await self._ask(request, "PutSecretValue", **params | {"VersionStages": ["AWSCURRENT"] if first else stages})
        token = params["ClientRequestToken"]
        for stage in stages:
            await self._move_label(request, secret, token, stage)
        label = sorted({*stages, *(["AWSCURRENT"] if first else [])})
        return {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token, "VersionStages": label}

    async def _same_version(self, request: AwsRequest, params: Params) -> Params | None:
        """A repeated call with the same token changes nothing; with another value it is refused."""
        secret, token = params["SecretId"], params["ClientRequestToken"]
        try:
            held = await self._ask(request, "GetSecretValue", SecretId=secret, VersionId=token)
        except AwsError:
            return None
        if not has_value(held):
            return None
        if any(held.get(kind) != params.get(kind) for kind in ("SecretString", "SecretBinary")):
            raise AwsError(
                "ResourceExistsException",
                f"You can't use ClientRequestToken {token} because that value is already in use for a version of "
                f"secret {held['ARN']}.",
            )
        return {name: held[name] for name in ("ARN", "Name", "VersionId", "VersionStages")}

    async def _move_label(self, request: AwsRequest, secret: Params, version: str, stage: str) -> None:
        """A label is on one version at most; the emulator leaves it on others too."""
        for other, stages in secret.get("VersionIdsToStages", {}).items():
            if stage in stages and other != version and stage != "AWSCURRENT":
                await self._unlabel(request, secret["ARN"], other, stage)

    async def _unlabel(self, request: AwsRequest, secret: str, version: str, stage: str) -> None:
        await self._ask(
            request, "UpdateSecretVersionStage", SecretId=secret, VersionStage=stage, RemoveFromVersionId=version
        )

    @action("UpdateSecret", "DeleteSecret")
    async def change_secret(self, request: AwsRequest) -> Params:
        try:
            secret = await self._ask(request, "DescribeSecret", SecretId=request.params["SecretId"])
        except AwsError:
            return await self.ctx.upstream(request)
        self._refuse_owned(request, secret)
        answer = await self.ctx.upstream(request)
        if request.action == "DeleteSecret" and request.params.get("ForceDeleteWithoutRecovery"):
            self.rotations.table.pop(secret["ARN"], None)
        return answer

    def _refuse_owned(self, request: AwsRequest, secret: Params) -> None:
        if secret["Name"].startswith(PREFIX) and not internal(request):
            raise AwsError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it is managed by another service (rds). "
                "Use that service to change it.",
            )

    # --- descriptions ---

    @action("DescribeSecret")
    async def describe_secret(self, request: AwsRequest) -> Params:
        return self._completed(await self.ctx.upstream(request))

    @action("ListSecrets")
    async def list_secrets(self, request: AwsRequest) -> Params:
        answer = await self.ctx.upstream(request)
        return answer | {"SecretList": [self._completed(secret) for secret in answer.get("SecretList", [])]}

    def _completed(self, secret: Params) -> Params:
        owner = {"OwningService": "rds"} if secret["Name"].startswith(PREFIX) else {}
        described = secret | self.rotations.describe(secret["ARN"]) | owner
        return {name: value for name, value in described.items() if name != "VersionIdsToStages" or value}

    # --- rotation ---

    @action("RotateSecret")
    async def rotate_secret(self, request: AwsRequest) -> Params:
        params = request.params
        secret = await self._ask(request, "DescribeSecret", SecretId=params["SecretId"])
        if secret.get("DeletedDate"):
            raise _refused("it was marked for deletion")
        now = params.get("RotateImmediately") is not False
        if secret["Name"].startswith(PREFIX):
            return await self._rotate_owned(secret, params, now)
        await self._configure(secret["ARN"], params)
        arn, token = secret["ARN"], params.get("ClientRequestToken") or str(uuid.uuid4())
        if unfinished := await asyncio.to_thread(self.rotations.pending, arn):
            self._background(self.rotations.rotate, arn, unfinished)
            message = "A previous rotation isn't complete. That rotation will be reattempted."
            raise AwsError("InvalidRequestException", message)
        if now:
            await asyncio.to_thread(self.rotations.stage, arn, token)
        self._background(self.rotations.rotate if now else self.rotations.test, arn, token)
        return {"ARN": arn, "Name": secret["Name"]} | ({"VersionId": token} if now else {})

    async def _configure(self, arn: str, params: Params) -> None:
        held = self.rotations.table.get(arn, {})
        function = params.get("RotationLambdaARN") or held.get("LambdaARN")
        if not function:
            raise AwsError("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
        rules = params.get("RotationRules") or held.get("Rules")
        if not rules:
            raise AwsError("InvalidParameterException", "You must specify RotationRules to turn on rotation.")
        schedule.check(rules)
        await asyncio.to_thread(self.rotations.check_permission, function)
        self.rotations.configure(arn, function, rules)

    async def _rotate_owned(self, secret: Params, params: Params, now: bool) -> Params:
        if params.get("RotationLambdaARN"):
            raise _refused("it is managed by another service")
        if rules := params.get("RotationRules"):
            schedule.check(rules)
            self.rotations.configure(secret["ARN"], None, rules)
        version = {"VersionId": await asyncio.to_thread(self.rotations.rotate_managed, secret["ARN"])} if now else {}
        return {"ARN": secret["ARN"], "Name": secret["Name"]} | version

    @action("CancelRotateSecret")
    async def cancel_rotate_secret(self, request: AwsRequest) -> Params:
        secret = await self._ask(request, "DescribeSecret", SecretId=request.params["SecretId"])
        if secret["ARN"] in self.rotations.table:
            self.rotations.table.update_fields(secret["ARN"], Enabled=False, Pending=None)
        return {"ARN": secret["ARN"], "Name": secret["Name"]}


def has_value(document: Params) -> bool:
    return document.get("SecretString") is not None or document.get("SecretBinary") is not None


def internal(request: AwsRequest) -> bool:
    """Whether a service of ours asks."""
    return INTERNAL_AGENT in request.http.headers.get("user-agent", "")


def _refused(reason: str) -> AwsError:
    return AwsError("InvalidRequestException", f"You can't perform this operation on the secret because {reason}.")
