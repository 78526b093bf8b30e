"""External schemas of a Redshift database: a name for a Glue database, and what stands in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from local_aws.context import Context
from local_aws.store import Table
from local_aws.wire import Params

PUBLIC = "public"
SYSTEM = ("information_schema", "pg_catalog", PUBLIC)
_TRUSTED = {"redshift.amazonaws.com", "redshift-serverless.amazonaws.com"}
_TYPES = {"string": "varchar", "binary": "varbinary", "tinyint": "smallint"}


class StatementError(Exception):
    """A statement fails with this text, worded as Redshift does."""

    def __init__(self, message: str, severity: str = "ERROR: ") -> None:
        super().__init__(f"{severity}{message}")


def not_here(what: str) -> StatementError:
    """What Redshift can do and local AWS cannot: said so, never pretended."""
    return StatementError(f"local-aws does not emulate {what}. It answers queries on external schemas.")


@dataclass(frozen=True)
class User:
    """Who runs a statement."""

    name: str
    is_admin: bool


@dataclass(frozen=True)
class Database:
    """One database of one namespace; `roles` are those that the namespace may take."""

    namespace: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class ExternalTable:
    """A table of the Glue catalog as Redshift sees it: lower-case columns with their types in Redshift's words."""

    schema: str
    glue_database: str
    name: str
    columns: dict[str, str]
    location: str


@dataclass(frozen=True)
class ExternalSchemas:
    """All calls that reach Glue or IAM block."""

    records: Table
    ctx: Context

    @classmethod
    def of(cls, ctx: Context) -> ExternalSchemas:
        return cls(ctx.table("redshift.schemas"), ctx)

    def on(self, database: Database) -> SchemasOfDatabase:
        return SchemasOfDatabase(self, database)

    def forget(self, namespace: str) -> None:
        """The namespace is gone, and its databases with it."""
        for key in [key for key in self.records if key.startswith(f"{namespace}/")]:
            self.records.pop(key, None)


@dataclass(frozen=True)
class SchemasOfDatabase:
    """The external schemas of one database."""

    store: ExternalSchemas
    database: Database

    @cached_property
    def _glue(self) -> Any:
        return self.store.ctx.client("glue")

    def names(self) -> list[str]:
        prefix = self._key("")
        return sorted(key.removeprefix(prefix) for key in self.store.records if key.startswith(prefix))

    def record(self, name: str) -> Params:
        found: Params | None = self.store.records.get(self._key(name))
        if found is None:
            raise StatementError(f'schema "{name}" does not exist')
        return found

    def usable(self, name: str, user: User) -> Params:
        """The schema, when the user may use it."""
        record = self.record(name)
        if not user.is_admin and not {"PUBLIC", user.name} & set(record["usage"]):
            raise StatementError(f"permission denied for schema {name}")
        return record

    def create(self, name: str, glue_database: str, role: str, user: User, *, tolerant: bool) -> None:
        if not user.is_admin:
            raise StatementError(f"permission denied for database {self.database.name}")
        if self._key(name) in self.store.records or name in SYSTEM:
            if tolerant:
                return
            raise StatementError(f'Schema "{name}" already exists')
        self._check_role(role)
        try:
            self._glue.get_database(Name=glue_database)
        except ClientError as error:
            raise StatementError(f'External database "{glue_database}" does not exist in the Data Catalog') from error
        self.store.records[self._key(name)] = {
            "schema": name,
            "glue_database": glue_database,
            "role": role,
            "owner": user.name,
            "usage": [],
        }

    def drop(self, name: str, user: User, *, tolerant: bool) -> None:
        if tolerant and self._key(name) not in self.store.records:
            return
        if not user.is_admin and self.record(name)["owner"] != user.name:
            raise StatementError(f"must be owner of schema {name}")
        self.record(name)
        self.store.records.pop(self._key(name), None)

    def allow(self, name: str, grantee: str, user: User, *, revoke: bool) -> None:
        """GRANT and REVOKE USAGE: PUBLIC, or one user."""
        record = self.record(name)
        if not user.is_admin:
            raise StatementError(f"permission denied for schema {name}")
        others = [known for known in record["usage"] if known != grantee]
        self.store.records.update_fields(self._key(name), usage=others if revoke else [*others, grantee])

    def snapshot(self) -> dict[str, Params]:
        """All of them, to come back to when a batch fails."""
        return {name: self.record(name) for name in self.names()}

    def restore(self, before: dict[str, Params], touched: set[str]) -> None:
        """Undo what was done to the schemas of these names; another statement's work on others stays."""
        for name in touched:
            if name in before:
                self.store.records[self._key(name)] = before[name]
            else:
                self.store.records.pop(self._key(name), None)

    def tables(self, name: str) -> Iterator[ExternalTable]:
        record = self.record(name)
        for page in self._glue.get_paginator("get_tables").paginate(DatabaseName=record["glue_database"]):
            yield from (_external(record, table) for table in page["TableList"])

    def table(self, schema: str, name: str, user: User) -> ExternalTable:
        """A table that Redshift can read, with its columns."""
        record = self.usable(schema, user)
        try:
            found = self._glue.get_table(DatabaseName=record["glue_database"], Name=name)["Table"]
        except ClientError as error:
            raise StatementError(f'relation "{schema}.{name}" does not exist') from error
        if found.get("TableType") == "VIRTUAL_VIEW":
            raise StatementError(f"{schema}.{name} is a view of Athena's, which Redshift Spectrum does not read")
        if found.get("Parameters", {}).get("projection.enabled", "").lower() == "true":
            raise StatementError(
                f"{schema}.{name} has projected partitions, which Redshift Spectrum does not see: it would find no row"
            )
        return replace(_external(record, found), schema=schema)

    def _check_role(self, role: str) -> None:
        """As Redshift comes to know when it takes the role: one of the namespace's, there, and trusting Redshift."""
        if role not in self.database.roles:
            raise StatementError(f"The requested role {role} is not associated to cluster")
        try:
            found = self.store.ctx.client("iam").get_role(RoleName=role.rpartition("/")[2])["Role"]
        except ClientError as error:
            raise StatementError(f"Not authorized to get credentials of role {role}: it does not exist") from error
        if not _TRUSTED & _services(found["AssumeRolePolicyDocument"]):
            raise StatementError(f"Not authorized to get credentials of role {role}: it does not trust Redshift")

    def _key(self, name: str) -> str:
        return f"{self.database.namespace}/{self.database.name}/{name}"


def _external(record: Params, table: Params) -> ExternalTable:
    storage = table.get("StorageDescriptor", {})
    columns = [*storage.get("Columns", ()), *table.get("PartitionKeys", ())]
    # Iceberg marks columns of earlier schemas; they are no longer the table's.
    kept = [column for column in columns if column.get("Parameters", {}).get("iceberg.field.current") != "false"]
    return ExternalTable(
        schema=record["schema"],
        glue_database=record["glue_database"],
        name=table["Name"].lower(),
        columns={column["Name"].lower(): _redshift_type(column.get("Type", "string")) for column in kept},
        location=unquote(storage.get("Location", "")),
    )


def _redshift_type(glue: str) -> str:
    """Redshift's word for a Hive type; what is nested is SUPER there."""
    kind = glue.lower()
    return "super" if kind.startswith(("array", "map", "struct")) else _TYPES.get(kind, kind)


def _services(policy: Any) -> set[str]:
    """The services that a trust policy names."""
    if isinstance(policy, str):
        policy = json.loads(unquote(policy))
    found: set[str] = set()
    for statement in policy.get("Statement", []):
        principals = statement.get("Principal", {})
        services = principals.get("Service", []) if isinstance(principals, dict) else []
        if statement.get("Effect") == "Allow":
            found |= {services} if isinstance(services, str) else set(services)
    return found
