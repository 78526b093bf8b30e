"""The rotation of a database user: makes the database ready, the user, and the secret's value; again and again."""

from __future__ import annotations

import json
from typing import Any

import boto3
import psycopg
import pytest
from serving_world import Serving
from streaming_recs.handlers import rotate_user
from streaming_recs.handlers.rotate_user import RotationError
from vector_world import MASTER, PASSWORDS

TOKENS = ["11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"]


@pytest.fixture
def secret(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty secret with rotation on, as Terraform makes it."""
    client = boto3.client("secretsmanager")
    master = client.create_secret(
        Name="master", SecretString=json.dumps({"username": MASTER.user, "password": MASTER.password})
    )
    monkeypatch.setenv("MASTER_SECRET_ARN", master["ARN"])
    made = client.create_secret(Name="retail/vector-db/retail_inference")
    from moto.backends import get_backend  # noqa: PLC0415

    backend = get_backend("secretsmanager")["123456789012"]["us-east-1"]
    backend.secrets["retail/vector-db/retail_inference"].rotation_enabled = True
    yield made["ARN"]
    serving.database.ask_nothing(f"ALTER ROLE retail_inference PASSWORD '{PASSWORDS['retail_inference']}'")


def rotate(arn: str, token: str) -> str:
    """All four steps; returns the new password."""
    client = boto3.client("secretsmanager")
    client.put_secret_value  # noqa: B018 - the client is made before the steps, as in a warm function
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        event = {"SecretId": arn, "ClientRequestToken": token, "Step": step}
        if step == "createSecret":
            prepare(arn, token)
        rotate_user.handler(event, None)
        rotate_user.handler(event, None)  # every step may be repeated
    return str(json.loads(client.get_secret_value(SecretId=arn, VersionId=token)["SecretString"])["password"])


def prepare(arn: str, token: str) -> None:
    """Secrets Manager labels the version before it calls; moto does not."""
    from moto.backends import get_backend  # noqa: PLC0415

    held = get_backend("secretsmanager")["123456789012"]["us-east-1"].secrets["retail/vector-db/retail_inference"]
    held.versions[token] = {"createdate": 0, "version_id": token, "version_stages": ["AWSPENDING"]}


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


def test_two_rotations_leave_one_password_that_opens(secret: str, serving: Serving) -> None:
    first = rotate(secret, TOKENS[0])
    login(serving, first)
    second = rotate(secret, TOKENS[1])
    login(serving, second)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        login(serving, first)
    assert serving.database.ask(
        "SELECT pg_has_role('retail_inference', 'recs_reader', 'MEMBER'), rolsuper, rolcreatedb, rolcreaterole"
        " FROM pg_roles WHERE rolname = 'retail_inference'"
    ) == [(True, False, False, False)]
