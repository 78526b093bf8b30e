"""A PostgreSQL instance of local AWS that may import from a bucket, and psql as `make env` gives it."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from streaming_recs.adapters.model_store import ModelStore
from support import CHECKOUT, LocalAws

ROLE = "arn:aws:iam::000000000000:role/vectors-s3-import"


@dataclass(frozen=True)
class PsqlWorld:
    """The instance as its admin."""

    aws: LocalAws
    instance: str

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.aws.client("s3"), self.instance)

    def describe(self) -> dict[str, Any]:
        found = self.aws.client("rds").describe_db_instances(DBInstanceIdentifier=self.instance)
        return dict(found["DBInstances"][0])

    def put(self, name: str, text: str) -> None:
        self.aws.client("s3").put_object(Bucket=self.instance, Key=f"embeddings/current/{name}", Body=text.encode())

    def environment(self) -> dict[str, str]:
        secret = self.describe()["MasterUserSecret"]["SecretArn"]
        login = json.loads(self.aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        endpoint = self.describe()["Endpoint"]
        trust = f"sslmode=verify-full&sslrootcert={self.aws.settings.state / 'ca' / 'ca.pem'}".replace(" ", "%20")
        url = f"postgresql://{login['username']}@{endpoint['Address']}:{endpoint['Port']}/vectors?{trust}"
        return {"VECTOR_DB_URL": url, "PGPASSWORD": login["password"], "LAKE_BUCKET": self.instance}

    def psql(self, **changes: str | None) -> subprocess.CompletedProcess[str]:
        environment = {**self.aws.env, **self.environment()}
        for name, value in changes.items():
            environment.pop(name, None) if value is None else environment.update({name: value})
        return subprocess.run(
            ["sh", "-c", 'psql "$VECTOR_DB_URL" -f sql/pgvector/embeddings.sql'],
            cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def run(self) -> str:
        done = self.psql()
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, statement: str) -> list[Any]:
        environment = self.environment()
        os.environ["PGPASSWORD"] = environment["PGPASSWORD"]
        try:
            with psycopg.connect(environment["VECTOR_DB_URL"]) as connection:
                return connection.execute(statement.encode()).fetchall()
        finally:
            os.environ.pop("PGPASSWORD")


def psql_world(aws: LocalAws) -> Iterator[PsqlWorld]:
    """An instance with the import role, deleted afterwards."""
    name = f"embeddings-{uuid.uuid4().hex[:6]}"
    rds = aws.client("rds")
    aws.client("s3").create_bucket(Bucket=name)
    rds.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
        MasterUsername="vectors_admin", ManageMasterUserPassword=True, DBName="vectors",
    )  # fmt: skip
    world = PsqlWorld(aws, name)
    wait(lambda: world.describe()["DBInstanceStatus"] == "available")
    rds.add_role_to_db_instance(DBInstanceIdentifier=name, RoleArn=ROLE, FeatureName="s3Import")
    wait(lambda: [role["Status"] for role in world.describe()["AssociatedRoles"]] == ["ACTIVE"])
    yield world
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def wait(condition: Any, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.3)
