"""Serving as it runs: the functions' own environment, a real PostgreSQL, and AWS's S3 and Secrets Manager in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from serving_world import BUCKET, Serving
from streaming_recs.adapters import aws
from streaming_recs.handlers import inference, profile_updater, recommendation_transform
from vector_world import PASSWORDS, VectorDatabase, vector_database


@pytest.fixture(scope="session")
def vector_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorDatabase]:
    with vector_database(tmp_path_factory.mktemp("serving")) as running:
        yield running


@pytest.fixture
def serving(vector_server: VectorDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """Everything empty: no version, no session, cold processes."""
    vector_server.empty()
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        secrets = boto3.client("secretsmanager")
        for user, password in PASSWORDS.items():
            secrets.create_secret(Name=user, SecretString=json.dumps({"username": user, "password": password}))
        environment = {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(vector_server.database.port),
            "DB_NAME": "recs",
            "DB_SECRET_ARN": "retail_inference",
            "CA_BUNDLE": str(vector_server.database.tls.authority),
            "LAKE_BUCKET": BUCKET,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        forget_warm_processes()
        yield Serving(vector_server)
        forget_warm_processes()


def forget_warm_processes() -> None:
    for kept in (
        aws.client, aws._session, inference.shared, profile_updater.store, recommendation_transform.settings,
        recommendation_transform.shared, recommendation_transform.quarantine,
    ):  # fmt: skip
        kept.cache_clear()
