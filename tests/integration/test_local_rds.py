"""RDS on local AWS: instances are databases that answer, over TLS, with passwords that Secrets Manager knows."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from botocore.exceptions import ClientError
from support import CHECKOUT, LocalAws, free_port

pytestmark = pytest.mark.local_aws

SOON = 60.0


def eventually(condition: Callable[[], Any], seconds: float = SOON) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.2)
    return value


@dataclass(frozen=True)
class Databases:
    """Makes instances and logs in to them as their master users."""

    aws: Any

    @property
    def rds(self) -> Any:
        return self.aws.client("rds")

    @property
    def authority(self) -> str:
        return str(self.aws.settings.state / "ca" / "ca.pem")

    def create(self, engine: str, name: str = "", **more: Any) -> str:
        identifier = name or f"{engine}-{uuid.uuid4().hex[:8]}"
        settings = {
            "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20, "MasterUsername": "shop_admin", "DBName": "shop",
            "ManageMasterUserPassword": True,
        }  # fmt: skip
        self.rds.create_db_instance(DBInstanceIdentifier=identifier, Engine=engine, **settings | more)
        self.wait(identifier)
        return identifier

    def describe(self, identifier: str) -> Any:
        return self.rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]

    def wait(self, identifier: str, status: str = "available") -> None:
        def reached() -> bool:
            found = self.describe(identifier)
            assert found["DBInstanceStatus"] != "failed", found["StatusInfos"]
            return bool(found["DBInstanceStatus"] == status)

        eventually(reached)

    def login(self, identifier: str) -> tuple[str, str]:
        secret = self.describe(identifier)["MasterUserSecret"]["SecretArn"]
        value = json.loads(self.aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        return value["username"], value["password"]

    def mysql(self, identifier: str, **changes: Any) -> Any:
        endpoint, (user, password) = self.describe(identifier)["Endpoint"], self.login(identifier)
        settings = {
            "host": endpoint["Address"], "port": endpoint["Port"], "user": user, "password": password,
            "database": "shop", "ssl_ca": self.authority, "ssl_verify_identity": True, "autocommit": True,
        }  # fmt: skip
        return pymysql.connect(**settings | changes)

    def postgres(self, identifier: str, **changes: Any) -> psycopg.Connection[Any]:
        endpoint, (user, password) = self.describe(identifier)["Endpoint"], self.login(identifier)
        settings = {
            "host": endpoint["Address"], "port": endpoint["Port"], "user": user, "password": password,
            "dbname": "shop", "sslmode": "verify-full", "sslrootcert": self.authority, "autocommit": True,
        }  # fmt: skip
        return psycopg.connect(**settings | changes)

    def ask(self, identifier: str, statement: str) -> Any:
        """One statement to a MySQL instance; its rows."""
        with closing(self.mysql(identifier)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def delete(self, identifier: str, **options: Any) -> None:
        self.rds.delete_db_instance(DBInstanceIdentifier=identifier, **options or {"SkipFinalSnapshot": True})
        eventually(lambda: identifier not in [d["DBInstanceIdentifier"] for d in self.all()])

    def all(self) -> Any:
        return self.rds.describe_db_instances()["DBInstances"]


@pytest.fixture(scope="module")
def databases(local_aws: Any) -> Databases:
    return Databases(local_aws)


@pytest.fixture(scope="module")
def group(databases: Databases) -> str:
    name = f"shop-{uuid.uuid4().hex[:8]}"
    databases.rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="mysql8.4", Description="TLS only"
    )
    set_parameters(databases, name, require_secure_transport="1", long_query_time="3")
    return name


def set_parameters(databases: Databases, group: str, method: str = "immediate", **values: str) -> None:
    parameters = [{"ParameterName": k, "ParameterValue": v, "ApplyMethod": method} for k, v in values.items()]
    databases.rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=parameters)


@pytest.fixture(scope="module")
def mysql(databases: Databases, group: str) -> str:
    return databases.create("mysql", DBParameterGroupName=group, EnableCloudwatchLogsExports=["error"])


@pytest.fixture(scope="module")
def postgres(databases: Databases) -> str:
    return databases.create("postgres", EngineVersion="18")


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refusal:
        call()
    return str(refusal.value.response["Error"]["Code"])


def test_a_mysql_instance_is_a_database_with_mysqls_defaults(databases: Databases, mysql: str) -> None:
    [(mode, collation, zone)] = databases.ask(mysql, "SELECT @@sql_mode, @@collation_database, @@time_zone")
    assert set(mode.split(",")) == {
        "ONLY_FULL_GROUP_BY", "STRICT_TRANS_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_ENGINE_SUBSTITUTION",
    }  # fmt: skip
    assert (collation, zone) == ("utf8mb4_0900_ai_ci", "+00:00")
    databases.ask(mysql, "CREATE TABLE notes (id INT PRIMARY KEY, body TEXT)")
    databases.ask(mysql, "INSERT INTO notes VALUES (1, '🛒 naïve')")
    assert databases.ask(mysql, "SELECT body FROM notes") == (("🛒 naïve",),)


def test_mysql_refuses_a_wrong_password_and_a_connection_without_tls(databases: Databases, mysql: str) -> None:
    with pytest.raises(pymysql.OperationalError, match="Access denied for user 'shop_admin'") as wrong:
        databases.mysql(mysql, password="guess")
    with pytest.raises(pymysql.OperationalError, match="insecure transport") as plain:
        databases.mysql(mysql, ssl_ca=None, ssl_verify_identity=None, ssl_disabled=True)
    assert (wrong.value.args[0], plain.value.args[0]) == (1045, 3159)


def test_the_master_user_is_no_superuser(databases: Databases, mysql: str, postgres: str) -> None:
    [(grants,)] = [row for row in databases.ask(mysql, "SHOW GRANTS") if "ON *.*" in row[0]]
    assert "SUPER" not in grants
    assert "WITH GRANT OPTION" in grants
    with databases.postgres(postgres) as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchall() == [(False,)]


def test_a_postgres_instance_has_pgvector_and_tls(databases: Databases, postgres: str) -> None:
    with databases.postgres(postgres) as connection:
        connection.execute("CREATE EXTENSION vector")
        assert connection.execute("SELECT '[1,2]'::vector <#> '[3,4]'::vector").fetchone() == (-11.0,)
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        databases.postgres(postgres, sslmode="disable", sslrootcert=None)


@pytest.mark.parametrize("engine", ["mysql", "postgres"])
def test_rotating_the_managed_secret_changes_the_databases_password(
    databases: Databases, request: pytest.FixtureRequest, engine: str
) -> None:
    identifier = request.getfixturevalue(engine)
    connect: Callable[..., Any] = getattr(databases, engine)
    secrets, before = databases.aws.client("secretsmanager"), databases.login(identifier)[1]
    secrets.rotate_secret(SecretId=databases.describe(identifier)["MasterUserSecret"]["SecretArn"])
    assert databases.login(identifier)[1] != before
    connect(identifier).close()
    with pytest.raises((pymysql.OperationalError, psycopg.OperationalError), match=r"denied|authentication failed"):
        connect(identifier, password=before)


def test_modify_rotates_the_managed_password_too(databases: Databases, mysql: str) -> None:
    before = databases.login(mysql)[1]
    databases.rds.modify_db_instance(DBInstanceIdentifier=mysql, RotateMasterUserPassword=True, ApplyImmediately=True)
    assert databases.login(mysql)[1] != before
    databases.mysql(mysql).close()


def test_a_managed_secret_is_rdss_own(databases: Databases, mysql: str) -> None:
    secrets, secret = databases.aws.client("secretsmanager"), databases.describe(mysql)["MasterUserSecret"]["SecretArn"]
    described = secrets.describe_secret(SecretId=secret)
    assert described["Name"].startswith("rds!db-")
    assert (described["OwningService"], described["RotationRules"]) == ("rds", {"AutomaticallyAfterDays": 7})
    assert code_of(lambda: secrets.put_secret_value(SecretId=secret, SecretString="x")) == "InvalidRequestException"
    assert code_of(lambda: secrets.delete_secret(SecretId=secret)) == "InvalidRequestException"


def test_parameters_reach_the_running_engine_and_static_ones_wait_for_a_reboot(
    databases: Databases, mysql: str, group: str
) -> None:
    assert databases.ask(mysql, "SELECT @@long_query_time") == ((3.0,),)
    set_parameters(databases, group, long_query_time="7", only_in_mysql="1")
    assert databases.ask(mysql, "SELECT @@GLOBAL.long_query_time") == ((7.0,),)

    set_parameters(databases, group, "pending-reboot", performance_schema="1")
    eventually(lambda: databases.describe(mysql)["DBParameterGroups"][0]["ParameterApplyStatus"] == "pending-reboot")
    databases.rds.reboot_db_instance(DBInstanceIdentifier=mysql)
    databases.wait(mysql)
    assert databases.ask(mysql, "SELECT @@performance_schema") == ((1,),)
    assert databases.describe(mysql)["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"


def test_a_group_in_use_cannot_be_deleted(databases: Databases, mysql: str, group: str) -> None:
    refused = code_of(lambda: databases.rds.delete_db_parameter_group(DBParameterGroupName=group))
    assert refused == "InvalidDBParameterGroupState"


def test_the_error_log_reaches_cloudwatch(databases: Databases, mysql: str) -> None:
    logs, name = databases.aws.client("logs"), f"/aws/rds/instance/{mysql}/error"

    def ready() -> bool:
        try:
            events = logs.filter_log_events(logGroupName=name)["events"]
        except ClientError:
            return False
        return any("ready for connections" in event["message"] for event in events)

    eventually(ready)


def test_a_stopped_instance_keeps_its_data_and_its_endpoint(databases: Databases) -> None:
    identifier = databases.create("mysql")
    databases.ask(identifier, "CREATE TABLE kept (id INT)")
    endpoint = databases.describe(identifier)["Endpoint"]

    databases.rds.stop_db_instance(DBInstanceIdentifier=identifier)
    databases.wait(identifier, "stopped")
    with pytest.raises(pymysql.OperationalError):
        databases.mysql(identifier)
    databases.rds.start_db_instance(DBInstanceIdentifier=identifier)
    databases.wait(identifier)

    assert databases.describe(identifier)["Endpoint"] == endpoint
    assert databases.ask(identifier, "SHOW TABLES") == (("kept",),)
    databases.delete(identifier)


@pytest.mark.parametrize("engine", ["mysql", "postgres"])
def test_a_final_snapshot_brings_the_data_back(databases: Databases, engine: str) -> None:
    identifier = databases.create(engine)
    connect: Callable[..., Any] = getattr(databases, engine)
    with closing(connect(identifier)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id INT)")
        cursor.execute("INSERT INTO kept VALUES (42)")
    refused = code_of(lambda: databases.rds.delete_db_instance(DBInstanceIdentifier=identifier))
    assert refused == "InvalidParameterCombination"
    databases.delete(identifier, FinalDBSnapshotIdentifier=f"{identifier}-final")

    databases.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=f"{identifier}-again",
        DBSnapshotIdentifier=f"{identifier}-final",
        ManageMasterUserPassword=True,
    )
    databases.wait(f"{identifier}-again")

    with closing(connect(f"{identifier}-again")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM kept")
        assert list(cursor.fetchall()) == [(42,)]
    databases.delete(f"{identifier}-again")
    databases.rds.delete_db_snapshot(DBSnapshotIdentifier=f"{identifier}-final")


def test_deletion_protection_holds_until_it_is_switched_off(databases: Databases) -> None:
    identifier = databases.create("mysql", DeletionProtection=True)
    state = databases.aws.settings.state
    secret = databases.describe(identifier)["MasterUserSecret"]["SecretArn"]
    delete = {"DBInstanceIdentifier": identifier, "SkipFinalSnapshot": True}
    assert code_of(lambda: databases.rds.delete_db_instance(**delete)) == "InvalidParameterCombination"

    databases.rds.modify_db_instance(DBInstanceIdentifier=identifier, DeletionProtection=False)
    databases.delete(identifier)

    assert not (state / "rds" / identifier).exists()
    assert not (state / "engines" / f"rds-{identifier}").exists()
    described = code_of(lambda: databases.aws.client("secretsmanager").describe_secret(SecretId=secret))
    assert described == "ResourceNotFoundException"


def test_an_unmanaged_password_is_the_callers_and_can_be_handed_over(databases: Databases) -> None:
    identifier = databases.create("mysql", ManageMasterUserPassword=False, MasterUserPassword="first-password")
    endpoint = databases.describe(identifier)["Endpoint"]

    def connects(password: str) -> bool:
        settings = {"host": endpoint["Address"], "port": endpoint["Port"], "user": "shop_admin", "password": password}
        try:
            pymysql.connect(**settings, ssl_ca=databases.authority).close()
        except pymysql.OperationalError:
            return False
        return True

    assert connects("first-password")
    databases.rds.modify_db_instance(DBInstanceIdentifier=identifier, MasterUserPassword="second-password")
    assert (connects("first-password"), connects("second-password")) == (False, True)
    databases.rds.modify_db_instance(DBInstanceIdentifier=identifier, ManageMasterUserPassword=True)
    assert not connects("second-password")
    databases.mysql(identifier).close()
    databases.delete(identifier)


def test_no_password_is_in_a_log_or_a_command_line(databases: Databases, mysql: str, postgres: str) -> None:
    passwords = [databases.login(identifier)[1] for identifier in (mysql, postgres)]
    logs = list((databases.aws.settings.state / "engines").glob("*/log"))
    commands = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    text = commands + "".join(path.read_text(errors="replace") for path in logs)
    assert logs
    assert [password for password in passwords if password in text] == []


# --- an external database ---


@pytest.fixture(scope="module")
def elsewhere(
    databases: Databases, mysql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Databases, Path]]:
    """Another local AWS, started with EXTERNAL_MYSQL_URL naming the first one's instance."""
    endpoint, (user, password) = databases.describe(mysql)["Endpoint"], databases.login(mysql)
    aws = LocalAws(port=free_port(), state_home=tmp_path_factory.mktemp("elsewhere"))
    url = f"mysql://{user}:{password}@{endpoint['Address']}:{endpoint['Port']}/shop?ssl-ca={databases.authority}"
    environment = aws.host_env | {"EXTERNAL_MYSQL_URL": url}
    command = Path(sys.executable).parent / "local-aws"
    subprocess.run([command, "up"], env=environment, cwd=CHECKOUT, check=True)
    yield Databases(aws), aws.settings.state
    subprocess.run([command, "down"], env=environment, cwd=CHECKOUT, check=True)


def test_an_external_mysql_is_handed_out_and_left_alone(
    elsewhere: tuple[Databases, Path], databases: Databases, mysql: str
) -> None:
    other, state = elsewhere
    identifier = other.create("mysql")
    assert other.describe(identifier)["Endpoint"]["Port"] == databases.describe(mysql)["Endpoint"]["Port"]
    assert other.login(identifier) == databases.login(mysql)
    assert not (state / "engines" / f"rds-{identifier}").exists()
    secret = other.describe(identifier)["MasterUserSecret"]["SecretArn"]
    assert code_of(lambda: other.aws.client("secretsmanager").rotate_secret(SecretId=secret)) == "InvalidParameterValue"

    other.delete(identifier)

    databases.mysql(mysql).close()


# --- rotation by Lambda ---

ROTATOR = """
import json
import boto3

def handler(event, context):
    client, secret, token = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    described = client.describe_secret(SecretId=secret)
    versions = described["VersionIdsToStages"]
    if event["Step"] == "createSecret":
        assert versions[token] == ["AWSPENDING"], versions
        made = client.get_random_password(PasswordLength=20, ExcludePunctuation=True)["RandomPassword"]
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=made, VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "testSecret" and described["Name"].startswith("unusable"):
        raise ValueError("the new password does not work")
    if event["Step"] == "finishSecret":
        current = [version for version, stages in versions.items() if "AWSCURRENT" in stages]
        leaving = {"RemoveFromVersionId": current[0]} if current else {}
        client.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, **leaving
        )
"""


@pytest.fixture(scope="module")
def rotator(local_aws: Any) -> str:
    client, name = local_aws.client("lambda"), f"rotator-{uuid.uuid4().hex[:8]}"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", ROTATOR)
    arn = client.create_function(
        FunctionName=name, Role="arn:aws:iam::000000000000:role/rotator", Runtime="python3.11", Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()}, Timeout=30,
    )["FunctionArn"]  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    secrets = local_aws.client("secretsmanager")
    probe = secrets.create_secret(Name=f"probe-{name}")["ARN"]
    attach = {"SecretId": probe, "RotationLambdaARN": arn, "RotationRules": {"AutomaticallyAfterDays": 30}}
    assert code_of(lambda: secrets.rotate_secret(**attach)) == "AccessDeniedException"
    client.add_permission(
        FunctionName=name, StatementId="rotate", Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )  # fmt: skip
    return str(arn)


def test_a_secret_without_a_value_gets_its_first_one_from_the_rotation(local_aws: Any, rotator: str) -> None:
    secrets = local_aws.client("secretsmanager")
    secret = secrets.create_secret(Name=f"fresh-{uuid.uuid4()}")["ARN"]
    assert code_of(lambda: secrets.get_secret_value(SecretId=secret)) == "ResourceNotFoundException"
    rules = {"AutomaticallyAfterDays": 30}
    token = secrets.rotate_secret(SecretId=secret, RotationLambdaARN=rotator, RotationRules=rules)["VersionId"]

    first = eventually(lambda: value_of(secrets, secret, "AWSCURRENT"))
    eventually(lambda: "LastRotatedDate" in secrets.describe_secret(SecretId=secret))
    described = secrets.describe_secret(SecretId=secret)
    assert "AWSCURRENT" in described["VersionIdsToStages"][token]
    assert (described["RotationEnabled"], described["RotationRules"]) == (True, rules)

    secrets.rotate_secret(SecretId=secret)
    eventually(lambda: value_of(secrets, secret, "AWSCURRENT") != first)
    assert value_of(secrets, secret, "AWSPREVIOUS") == first


def test_a_failed_step_leaves_the_current_version_and_is_told(local_aws: Any, rotator: str) -> None:
    secrets, sqs, events = (local_aws.client(name) for name in ("secretsmanager", "sqs", "events"))
    queue = sqs.create_queue(QueueName=f"rotations-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationFailed"]}}
    events.put_rule(Name="failed-rotations", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="failed-rotations", Targets=[{"Id": "queue", "Arn": arn}])
    secret = secrets.create_secret(Name=f"unusable-{uuid.uuid4()}", SecretString="works")["ARN"]
    rules = {"ScheduleExpression": "rate(10 days)"}
    token = secrets.rotate_secret(SecretId=secret, RotationLambdaARN=rotator, RotationRules=rules)["VersionId"]

    [message] = eventually(lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"))

    assert "does not work" in message["Body"]
    assert value_of(secrets, secret, "AWSCURRENT") == "works"
    assert secrets.describe_secret(SecretId=secret)["VersionIdsToStages"][token] == ["AWSPENDING"]
    assert code_of(lambda: secrets.rotate_secret(SecretId=secret)) == "InvalidRequestException"
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def value_of(secrets: Any, secret: str, stage: str) -> str | None:
    try:
        return str(secrets.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"])
    except ClientError:
        return None


def test_putting_a_version_twice_changes_nothing_and_labels_stand_once(local_aws: Any) -> None:
    secrets = local_aws.client("secretsmanager")
    secret = secrets.create_secret(Name=f"labels-{uuid.uuid4()}", SecretString="one")["ARN"]
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    for _ in range(2):
        secrets.put_secret_value(
            SecretId=secret, ClientRequestToken=first, SecretString="two", VersionStages=["AWSPENDING"]
        )
    again = {"SecretId": secret, "ClientRequestToken": first, "SecretString": "other"}
    assert code_of(lambda: secrets.put_secret_value(**again)) == "ResourceExistsException"
    secrets.put_secret_value(
        SecretId=secret, ClientRequestToken=second, SecretString="three", VersionStages=["AWSPENDING"]
    )
    stages = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
    assert [version for version, labels in stages.items() if "AWSPENDING" in labels] == [second]


# --- Terraform ---


@pytest.mark.slow
def test_terraform_applies_an_instance_and_then_plans_no_change(local_aws: Any, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text((Path(__file__).parent / "rds.tf").read_text())
    environment = local_aws.env | {"TF_CLI_ARGS_init": "", "TF_IN_AUTOMATION": "1"}

    def terraform(*arguments: str) -> int:
        return subprocess.run(
            ["terraform", *arguments], cwd=tmp_path, env=os.environ | environment, check=False
        ).returncode

    assert terraform("init", "-input=false") == 0
    try:
        assert terraform("apply", "-auto-approve", "-input=false") == 0
        assert terraform("plan", "-detailed-exitcode", "-input=false") == 0
    finally:
        assert terraform("destroy", "-auto-approve", "-input=false") == 0


def test_the_command_line_stays_on_the_laptop(databases: Databases, mysql: str) -> None:
    """The AWS CLI has host names of its own for RDS, which pass over AWS_ENDPOINT_URL."""
    printed = databases.aws.run("aws", "rds", "describe-db-instances", "--query", "DBInstances[].DBInstanceIdentifier")
    assert mysql in json.loads(printed.stdout)
