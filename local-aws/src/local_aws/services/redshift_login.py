"""Who may run statements on which database of a workgroup."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from local_aws.context import Context
from local_aws.services.redshift_records import Warehouses, invalid
from local_aws.services.redshift_schemas import Database, ExternalSchemas, User
from local_aws.services.redshift_secrets import AdminSecrets
from local_aws.services.redshift_statements import Login
from local_aws.services.redshift_workgroups import IAM_USER
from local_aws.wire import Params

_NO_ENDPOINT = "Redshift endpoint doesn't exist in this region."


@dataclass(frozen=True)
class Doorkeeper:
    """Blocking: a secret is read in Secrets Manager."""

    ctx: Context

    @cached_property
    def _warehouses(self) -> Warehouses:
        return Warehouses.of(self.ctx)

    @cached_property
    def _schemas(self) -> ExternalSchemas:
        return ExternalSchemas.of(self.ctx)

    @cached_property
    def _secrets(self) -> AdminSecrets:
        return AdminSecrets(self.ctx)

    def admit(self, params: Params) -> Login:
        """Raises AwsError for what the API itself refuses; what the database refuses is the Login's `refusal`."""
        if params.get("ClusterIdentifier"):
            raise invalid(_NO_ENDPOINT)
        if not params.get("WorkgroupName"):
            raise invalid("Either ClusterIdentifier or WorkgroupName is required.")
        if params.get("DbUser"):
            raise invalid("DbUser is not supported with WorkgroupName: the user is that of the IAM identity.")
        if not params.get("Database"):
            raise invalid("Database is required.")
        workgroup = self._warehouses.workgroups.get(params["WorkgroupName"])
        if workgroup is None:
            raise invalid(_NO_ENDPOINT)
        namespace = self._warehouses.namespace(workgroup["namespaceName"])
        database = Database(namespace["namespaceName"], params["Database"].lower(), tuple(namespace["iamRoles"]))
        user, refusal = self._user(namespace, params.get("SecretArn"))
        if database.name != namespace["dbName"]:
            refusal = refusal or f'database "{database.name}" does not exist'
        return Login(self._schemas.on(database), user, workgroup["workgroupArn"], refusal)

    def _user(self, namespace: Params, secret: str | None) -> tuple[User, str | None]:
        """The admin by the namespace's own secret; else the user that Redshift makes of an IAM identity."""
        if secret is None:
            return User(IAM_USER, is_admin=False), None
        login = self._secrets.login(secret)
        if secret == namespace.get("adminPasswordSecretArn"):
            return User(login["username"], is_admin=True), None
        refused = f'password authentication failed for user "{login["username"]}"'
        return User(login["username"], is_admin=False), refused
