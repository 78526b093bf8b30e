"""A Redshift database whose external schema `shop` is a Glue database with tables of a shop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
from local_aws.services.redshift_commands import obey
from local_aws.services.redshift_schemas import Database, ExternalSchemas, SchemasOfDatabase, User
from local_aws.services.redshift_sql import Translated, Translator
from local_aws.store import Table
from moto import mock_aws

ADMIN, ANALYST = User("warehouse_admin", is_admin=True), User("IAM:root", is_admin=False)
ORDERS = {
    "orderid": "int",
    "units": "bigint",
    "price": "decimal(10,2)",
    "day": "date",
    "at": "timestamp",
    "status": "string",
}


@dataclass(frozen=True)
class World:
    schemas: SchemasOfDatabase
    role: str
    stranger: str  # a role that the namespace may take and that does not trust Redshift
    client: Any

    def obey(self, sql: str, user: User = ADMIN) -> str | None:
        return obey(sql, self.schemas, user, {})

    def translate(self, sql: str, user: User = ADMIN, **parameters: str) -> Translated:
        return Translator(self.schemas, user).translate(sql, parameters)

    def sql(self, sql: str, **parameters: str) -> str:
        return self.translate(sql, **parameters).sql


@contextmanager
def redshift_world(folder: Path) -> Iterator[World]:
    with mock_aws():
        _tables(_client("glue"))
        role, stranger = _role("redshift-serverless.amazonaws.com"), _role("glue.amazonaws.com")
        store = Table(folder / "services.sqlite", "redshift.schemas")
        schemas = ExternalSchemas(store, SimpleNamespace(client=_client)).on(Database("one", "dev", (role, stranger)))
        world = World(schemas, role, stranger, _client)
        world.obey(f"CREATE EXTERNAL SCHEMA shop FROM DATA CATALOG DATABASE 'shop_gold' IAM_ROLE '{role}'")
        yield world


def _client(service: str) -> Any:
    make: Any = boto3.client
    return make(service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def _tables(glue: Any) -> None:
    glue.create_database(DatabaseInput={"Name": "shop_gold"})
    columns = [{"Name": name, "Type": kind} for name, kind in ORDERS.items()]
    location = "s3://lake/gold/orders"
    for name, more in {
        "orders": {},
        "report": {"TableType": "VIRTUAL_VIEW"},
        "feed": {"Parameters": {"projection.enabled": "true"}},
    }.items():
        storage = {"Columns": columns, "Location": location}
        glue.create_table(DatabaseName="shop_gold", TableInput={"Name": name, "StorageDescriptor": storage} | more)


def _role(service: str) -> str:
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    made = _client("iam").create_role(
        RoleName=service.removesuffix(".amazonaws.com"), AssumeRolePolicyDocument=json.dumps(policy)
    )
    return str(made["Role"]["Arn"])
