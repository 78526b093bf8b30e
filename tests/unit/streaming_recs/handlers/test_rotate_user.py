"""The rotation of a database user: makes the database ready, the user, and the secret's value; again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import psycopg
import pytest
from serving_world import Serving
from streaming_recs.handlers import rotate_user
from streaming_recs.handlers.rotate_user import RotationError
from vector_world import MASTER, PASSWORDS

TOKENS = ["11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"]


class UnderRotation:
    """Secrets Manager as it is during a rotation, which moto starts only with a real Lambda: the secret's rotation is
    on, and the new version is pending and empty."""

    def __init__(self, token: str) -> None:
        self.client, self.token = boto3.client("secretsmanager"), token

    def describe_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        held = self.client.describe_secret(SecretId=SecretId)
        stages = {self.token: ["AWSPENDING"]} | held.get("VersionIdsToStages", {})
        return {"Name": held["Name"], "RotationEnabled": True, "VersionIdsToStages": stages}

    def __getattr__(self, method: str) -> Any:
        return getattr(self.client, method)


@pytest.fixture
def secret(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty secret, as Terraform makes it."""
    client = boto3.client("secretsmanager")
    master = json.dumps({"username": MASTER.user, "password": MASTER.password})
    monkeypatch.setenv("MASTER_SECRET_ARN", client.create_secret(Name="master", SecretString=master)["ARN"])
    yield client.create_secret(Name="retail/vector-db/retail_inference")["ARN"]
    serving.database.ask_nothing(f"ALTER ROLE retail_inference PASSWORD '{PASSWORDS['retail_inference']}'")


def rotate(arn: str, token: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """All four steps, each twice; returns the new password."""
    secrets = UnderRotation(token)
    with monkeypatch.context() as patch:
        patch.setattr(rotate_user.boto3, "client", lambda _service: secrets)
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            for _ in range(2):
                rotate_user.handler({"SecretId": arn, "ClientRequestToken": token, "Step": step}, None)
    held = secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
    return str(json.loads(held["SecretString"])["password"])


def login(serving: Serving, password: str) -> None:
    settings = serving.database.settings()
    psycopg.connect(
        host=settings.host, port=settings.port, dbname=settings.name, user="retail_inference", password=password,
        sslmode="verify-full", sslrootcert=settings.ca,
    ).close()  # fmt: skip


def test_a_secret_that_names_no_user_of_ours_is_refused(secret: str, serving: Serving) -> None:
    other = boto3.client("secretsmanager").create_secret(Name="retail/vector-db/somebody")["ARN"]
    with pytest.raises(RotationError, match="names no user of ours"):
        rotate_user.handler({"SecretId": other, "ClientRequestToken": TOKENS[0], "Step": "createSecret"}, None)


def test_an_unknown_step_is_refused(secret: str) -> None:
    with pytest.raises(RotationError, match="no step of a rotation"):
        rotate_user.handler({"SecretId": secret, "ClientRequestToken": TOKENS[0], "Step": "dance"}, None)


def test_two_rotations_leave_one_password_that_opens(
    secret: str, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rotate(secret, TOKENS[0], monkeypatch)
    login(serving, first)
    second = rotate(secret, TOKENS[1], monkeypatch)
    login(serving, second)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        login(serving, first)
    assert serving.database.ask(
        "SELECT pg_has_role('retail_inference', 'recs_reader', 'MEMBER'), rolsuper, rolcreatedb, rolcreaterole"
        " FROM pg_roles WHERE rolname = 'retail_inference'"
    ) == [(True, False, False, False)]
