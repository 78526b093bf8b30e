"""aws_s3 in a PostgreSQL instance of local AWS, and the shell variables by which psql finds the instance."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

ROLE = "arn:aws:iam::000000000000:role/vectors-s3-import"
IMPORT = "SELECT aws_s3.table_import_from_s3(%s, %s, %s, aws_commons.create_s3_uri(%s, %s, 'us-east-1'))"


def eventually(condition: Callable[[], Any], seconds: float = 90.0) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.2)
    return value


@dataclass(frozen=True)
class Vectors:
    """A PostgreSQL instance and a bucket."""

    aws: Any
    instance: str
    bucket: str

    def describe(self) -> dict[str, Any]:
        found = self.aws.client("rds").describe_db_instances(DBInstanceIdentifier=self.instance)
        return dict(found["DBInstances"][0])

    @property
    def secret_arn(self) -> str:
        return str(self.describe()["MasterUserSecret"]["SecretArn"])

    def connect(self, **changes: Any) -> psycopg.Connection[Any]:
        secrets = self.aws.client("secretsmanager")
        login = json.loads(secrets.get_secret_value(SecretId=self.secret_arn)["SecretString"])
        endpoint = self.describe()["Endpoint"]
        settings = {
            "host": endpoint["Address"], "port": endpoint["Port"], "user": login["username"],
            "password": login["password"], "dbname": "vectors", "sslmode": "verify-full",
            "sslrootcert": str(self.aws.settings.state / "ca" / "ca.pem"), "autocommit": True,
        }  # fmt: skip
        return psycopg.connect(**settings | changes)

    def put(self, key: str, body: bytes, **more: Any) -> None:
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def load(self, connection: psycopg.Connection[Any], table: str, key: str, columns: str = "", how: str = "") -> str:
        row = connection.execute(IMPORT, (table, columns, how or "(format csv)", self.bucket, key)).fetchone()
        assert row is not None
        return str(row[0])

    @property
    def roles(self) -> list[dict[str, Any]]:
        return list(self.describe()["AssociatedRoles"])


@contextmanager
def vector_instance(aws: Any) -> Iterator[Vectors]:
    name = f"vectors-{uuid.uuid4().hex[:6]}"
    rds = aws.client("rds")
    aws.client("s3").create_bucket(Bucket=name)
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="vectors_admin",
        ManageMasterUserPassword=True,
        DBName="vectors",
    )
    made = Vectors(aws, name, name)
    eventually(lambda: made.describe()["DBInstanceStatus"] == "available")
    with made.connect() as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("CREATE EXTENSION aws_s3 CASCADE")
    yield made
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@pytest.fixture(scope="module")
def vectors(local_aws: Any) -> Iterator[Vectors]:
    with vector_instance(local_aws) as made:
        yield made


@pytest.fixture
def allowed(vectors: Vectors) -> Vectors:
    """With the role associated."""
    return associated(vectors)


def associated(vectors: Vectors) -> Vectors:
    if not vectors.roles:
        vectors.aws.client("rds").add_role_to_db_instance(
            DBInstanceIdentifier=vectors.instance, RoleArn=ROLE, FeatureName="s3Import"
        )
    eventually(lambda: vectors.roles == [{"RoleArn": ROLE, "FeatureName": "s3Import", "Status": "ACTIVE"}])
    return vectors


def test_without_an_associated_role_nothing_is_read(vectors: Vectors) -> None:
    vectors.put("one.csv", b"1\n")
    with vectors.connect() as connection:
        connection.execute("CREATE TABLE refused (n int)")
        with pytest.raises(psycopg.Error, match="Credentials stored with the database cluster can't be accessed") as no:
            vectors.load(connection, "refused", "one.csv")
        assert "s3Import" in str(no.value.diag.message_hint)
        assert connection.execute("SELECT count(*) FROM refused").fetchone() == (0,)


def test_an_object_becomes_rows(allowed: Vectors) -> None:
    body = b'id,embedding\nS10_1678,"[1,2,3]"\nS10_1949,"[4,5,6]"\n'
    key = "embeddings/current/item embeddings.csv"
    allowed.put(key, body)
    with allowed.connect() as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute("CREATE TABLE shop.item_emb (id text PRIMARY KEY, embedding vector(3))")
        connection.execute("SET search_path = shop, public")
        said = allowed.load(connection, "item_emb", key, "id, embedding", "(format csv, header true)")
        assert said == f'2 rows imported into relation "item_emb" from file {key} of {len(body)} bytes'
        nearest = connection.execute("SELECT id FROM item_emb ORDER BY embedding <-> '[4,5,7]' LIMIT 1").fetchone()
        assert nearest == ("S10_1949",)


def test_a_transaction_that_fails_leaves_nothing(allowed: Vectors) -> None:
    allowed.put("bad.csv", b"1\nnot a number\n")
    allowed.put("packed.csv", gzip.compress(b"7\n8\n"), ContentEncoding="gzip")
    with allowed.connect(autocommit=False) as connection:
        connection.execute("CREATE TABLE numbers (n int)")
        connection.commit()
        with pytest.raises(psycopg.Error, match="invalid input syntax"):
            allowed.load(connection, "numbers", "bad.csv")
        connection.rollback()
        allowed.load(connection, "numbers", "packed.csv")
        allowed.load(connection, "numbers", "packed.csv")
        assert connection.execute("SELECT array_agg(n ORDER BY n) FROM numbers").fetchone() == ([7, 7, 8, 8],)


def test_an_object_that_is_not_there_is_named_by_its_status(allowed: Vectors) -> None:
    with allowed.connect() as connection:
        connection.execute("CREATE TABLE nothing (n int)")
        with pytest.raises(psycopg.Error, match=r"HTTP 404\. Not Found"):
            allowed.load(connection, "nothing", "missing.csv")


def test_a_user_may_not_fill_tables_of_others(allowed: Vectors) -> None:
    allowed.put("one.csv", b"1\n")
    with allowed.connect() as connection:
        connection.execute("CREATE TABLE guarded (n int)")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reader-password'")
        connection.execute("GRANT USAGE ON SCHEMA aws_s3, aws_commons TO reader")
        with allowed.connect(user="reader", password="reader-password") as reader:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                allowed.load(reader, "guarded", "one.csv")
            connection.execute("GRANT INSERT ON guarded TO reader")
            with pytest.raises(psycopg.errors.SyntaxError):
                allowed.load(reader, "guarded", "one.csv", how="(format csv); DROP TABLE guarded")
            allowed.load(reader, "guarded", "one.csv")


def test_roles_are_associated_once_and_taken_away(allowed: Vectors) -> None:
    rds = allowed.aws.client("rds")
    association = {"DBInstanceIdentifier": allowed.instance, "RoleArn": ROLE, "FeatureName": "s3Import"}
    with pytest.raises(ClientError, match="DBInstanceRoleAlreadyExists"):
        rds.add_role_to_db_instance(**association)
    with pytest.raises(ClientError, match="not valid for postgres"):
        rds.add_role_to_db_instance(**association | {"FeatureName": "S3_INTEGRATION"})
    rds.remove_role_from_db_instance(**association)
    assert allowed.roles == []
    with pytest.raises(ClientError, match="DBInstanceRoleNotFound"):
        rds.remove_role_from_db_instance(**association)


def test_make_env_names_the_database_without_its_password(fresh_local_aws: Any) -> None:
    """As the streaming root leaves it: facts in SSM, the password in a secret that rotates."""
    with vector_instance(fresh_local_aws) as vectors:
        endpoint = associated(vectors).describe()["Endpoint"]
        facts = {
            "vector-db/endpoint": endpoint["Address"], "vector-db/port": str(endpoint["Port"]),
            "vector-db/database": "vectors", "vector-db/admin_secret_arn": vectors.secret_arn,
            "lake/lake_bucket": vectors.bucket, "inference/url": "http://127.0.0.1:1/",
        }  # fmt: skip
        for name, value in facts.items():
            vectors.aws.client("ssm").put_parameter(Name=f"/retail/{name}", Value=value, Type="String")
        env = vectors.aws.env
        assert (env["LAKE_BUCKET"], env["INFERENCE_URL"]) == (vectors.bucket, "http://127.0.0.1:1/")
        assert f"vectors_admin@127.0.0.1:{endpoint['Port']}/vectors" in env["VECTOR_DB_URL"]
        vectors.put("count.csv", b"1\n2\n3\n")
        statements = Path(vectors.aws.state_home) / "count.sql"
        statements.write_text(
            "\\getenv bucket LAKE_BUCKET\nCREATE TABLE IF NOT EXISTS counted (n int);\n"
            "SELECT aws_s3.table_import_from_s3('counted', '', '(format csv)', "
            "aws_commons.create_s3_uri(:'bucket', 'count.csv', 'us-east-1'));\n"
        )
        assert "3 rows imported" in psql(vectors, env, statements)
        passwords = Path(env["PGPASSFILE"])
        before = passwords.read_text()
        assert passwords.stat().st_mode & 0o777 == 0o600
        vectors.aws.client("secretsmanager").rotate_secret(SecretId=vectors.secret_arn)
        eventually(lambda: passwords.read_text() != before)
        assert "3 rows imported" in psql(vectors, env, statements)


def psql(vectors: Vectors, env: dict[str, str], statements: Path) -> str:
    command = ("psql", env["VECTOR_DB_URL"], "-v", "ON_ERROR_STOP=1", "-f", str(statements))
    return str(vectors.aws.run(*command).stdout)
