"""Redshift Serverless: namespaces, and the tags of everything that it tags."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.redshift_records import (
    Warehouses,
    arn,
    checked_name,
    conflict,
    invalid,
    not_found,
    page,
    tags_of,
)
from local_aws.services.redshift_schemas import ExternalSchemas
from local_aws.services.redshift_secrets import AWS_KEY, AdminSecrets
from local_aws.wire import AwsRequest, Params

ADMIN = "admin"
DATABASE = "dev"
OWNED_KEY = "AWS_OWNED_KMS_KEY"
LOGS = ("useractivitylog", "userlog", "connectionlog")


class RedshiftNamespaces(Service):
    """A namespace is a database with its admin user and the roles that its queries may take."""

    name: ClassVar[str] = "redshift-serverless"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.warehouses = Warehouses.of(ctx)
        self.schemas = ExternalSchemas.of(ctx)
        self.secrets = AdminSecrets(ctx)
        self.tags = ctx.table("redshift.tags")

    @action("CreateNamespace")
    async def create_namespace(self, request: AwsRequest) -> Params:
        return {"namespace": await asyncio.to_thread(self._create, request.params)}

    def _create(self, params: Params) -> Params:
        name = checked_name(params["namespaceName"], "Namespace")
        if name in self.warehouses.namespaces:
            raise conflict(f"Namespace {name} already exists.")
        identifier = str(uuid.uuid4())
        record: Params = {
            "namespaceName": name,
            "namespaceId": identifier,
            "namespaceArn": arn("namespace", identifier),
            "adminUsername": params.get("adminUsername") or ADMIN,
            "dbName": (params.get("dbName") or DATABASE).lower(),
            "kmsKeyId": self.secrets.key_arn(params["kmsKeyId"]) if params.get("kmsKeyId") else OWNED_KEY,
            "iamRoles": [],
            "logExports": [],
            "creationDate": datetime.now(UTC),
            "status": "AVAILABLE",
        }
        record |= self._roles(record, params) | _logs(params) | self._admin(record, params)
        self.warehouses.namespaces[name] = record
        self.tags[record["namespaceArn"]] = tags_of(params)
        return _shown(record)

    @action("GetNamespace")
    async def get_namespace(self, request: AwsRequest) -> Params:
        return {"namespace": _shown(self.warehouses.namespace(request.params["namespaceName"]))}

    @action("ListNamespaces")
    async def list_namespaces(self, request: AwsRequest) -> Params:
        found, token = page(map(_shown, self.warehouses.namespaces.values()), request.params)
        return {"namespaces": found} | ({"nextToken": token} if token else {})

    @action("UpdateNamespace")
    async def update_namespace(self, request: AwsRequest) -> Params:
        return {"namespace": await asyncio.to_thread(self._update, request.params)}

    def _update(self, params: Params) -> Params:
        record = self.warehouses.namespace(params["namespaceName"])
        if params.get("kmsKeyId"):
            record["kmsKeyId"] = self.secrets.key_arn(params["kmsKeyId"])
        record |= self._roles(record, params) | _logs(params)
        if {"manageAdminPassword", "adminUsername", "adminUserPassword", "adminPasswordSecretKmsKeyId"} & set(params):
            record |= self._admin(record, params)
        self.warehouses.namespaces[params["namespaceName"]] = record
        return _shown(record)

    @action("DeleteNamespace")
    async def delete_namespace(self, request: AwsRequest) -> Params:
        return {"namespace": await asyncio.to_thread(self._delete, request.params)}

    def _delete(self, params: Params) -> Params:
        name = params["namespaceName"]
        record = self.warehouses.namespace(name)
        if attached := self.warehouses.workgroups_of(name):
            raise conflict(f"Namespace {name} is attached to workgroup {attached[0]}; delete the workgroup first.")
        if params.get("finalSnapshotName"):
            raise invalid("A final snapshot cannot be made here: the namespace has no tables of its own.")
        if secret := record.get("adminPasswordSecretArn"):
            self.secrets.delete(secret)
        self.schemas.forget(name)
        del self.warehouses.namespaces[name]
        self.tags.pop(record["namespaceArn"], None)
        return _shown(record) | {"status": "DELETING"}

    def _roles(self, record: Params, params: Params) -> Params:
        roles: list[str] = params["iamRoles"] if "iamRoles" in params else record["iamRoles"]
        for role in roles:
            try:
                self.ctx.client("iam").get_role(RoleName=role.rpartition("/")[2])
            except ClientError as error:
                raise invalid(f"The IAM role {role} does not exist.") from error
        default = params.get("defaultIamRoleArn", record.get("defaultIamRoleArn"))
        if default and default not in roles:
            raise invalid(f"The default IAM role {default} is not one of the namespace's IAM roles.")
        return {"iamRoles": list(roles), "defaultIamRoleArn": default}

    def _admin(self, record: Params, params: Params) -> Params:
        """The admin user's name and password: managed in a secret, or the caller's own (which is not kept)."""
        if params.get("manageAdminPassword") and params.get("adminUserPassword"):
            raise invalid("adminUserPassword cannot be given when manageAdminPassword is true.")
        user = params.get("adminUsername") or record["adminUsername"]
        before = record.get("adminPasswordSecretArn")
        managed = params.get("manageAdminPassword", bool(before))
        key = params.get("adminPasswordSecretKmsKeyId")
        if before and (not managed or user != record["adminUsername"] or key):
            self.secrets.delete(before)
            before = None
        if not managed:
            return {"adminUsername": user, "adminPasswordSecretArn": None, "adminPasswordSecretKmsKeyId": None}
        if before:
            return {"adminUsername": user}
        encrypted = self.secrets.key_arn(key) if key else None
        secret = self.secrets.create(record["namespaceName"], record["namespaceArn"], user, encrypted)
        return {
            "adminUsername": user,
            "adminPasswordSecretArn": secret,
            "adminPasswordSecretKmsKeyId": encrypted or AWS_KEY,
        }

    @action("TagResource")
    async def tag_resource(self, request: AwsRequest) -> Params:
        resource = self._tagged(request)
        self.tags[resource] = self.tags.get(resource, {}) | tags_of(request.params)
        return {}

    @action("UntagResource")
    async def untag_resource(self, request: AwsRequest) -> Params:
        resource, gone = self._tagged(request), set(request.params["tagKeys"])
        self.tags[resource] = {key: value for key, value in self.tags.get(resource, {}).items() if key not in gone}
        return {}

    @action("ListTagsForResource")
    async def list_tags_for_resource(self, request: AwsRequest) -> Params:
        found = self.tags.get(self._tagged(request), {})
        return {"tags": [{"key": key, "value": value} for key, value in found.items()]}

    def _tagged(self, request: AwsRequest) -> str:
        resource = str(request.params["resourceArn"])
        if not self.warehouses.exists(resource):
            raise not_found(f"The resource {resource} does not exist.")
        return resource


def _logs(params: Params) -> Params:
    if "logExports" not in params:
        return {}
    if unknown := set(params["logExports"]) - set(LOGS):
        raise invalid(f"logExports {sorted(unknown)} are not known: {', '.join(LOGS)}.")
    return {"logExports": list(params["logExports"])}


def _shown(record: Params) -> Params:
    """As GetNamespace shows it: a role with its state, no member without a value."""
    roles: list[Any] = [f"IamRole(applyStatus=in-sync, iamRoleArn={role})" for role in record["iamRoles"]]
    return {key: value for key, value in record.items() if value is not None} | {"iamRoles": roles}
