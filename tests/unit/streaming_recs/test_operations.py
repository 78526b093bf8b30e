"""What an operator types: load, switch, roll back; each tells what it did, and what to do when it could not."""

from __future__ import annotations

import json

import boto3
import pytest
from serving_world import BUCKET, CONTEXT, Serving
from streaming_recs import cli, terminal
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.handlers import vector_loader
from typer import Typer
from typer.testing import CliRunner
from vector_world import small_model

app = Typer()
for command in (cli.load_vectors, cli.switch_version, cli.rollback, cli.replay):
    app.command()(command)


@pytest.fixture
def models(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """A platform as Terraform leaves it: parameters in SSM, secrets, an empty database."""
    for kept in (terminal.platform_of, terminal.client):
        kept.cache_clear()
    settings = serving.database.settings()
    for name, value in {
        "vector-db/endpoint": f"127.0.0.1:{settings.port}",
        "vector-db/port": str(settings.port),
        "vector-db/database": "recs",
        "vector-db/loader_secret_arn": "retail_loader",
        "lake/lake_bucket": BUCKET,
        "events/stream_name": "retail-events",
    }.items():
        boto3.client("ssm").put_parameter(Name=f"/retail/{name}", Value=value, Type="String")
    monkeypatch.setenv("SOURCE_CA", settings.ca)
    monkeypatch.delenv("VECTOR_DB_URL", raising=False)
    return ModelStore(boto3.client("s3"), BUCKET)


def run(*command: str, fails: bool = False) -> str:
    done = CliRunner().invoke(app, command)
    assert (done.exit_code != 0) is fails, done.output
    return done.output


def test_the_newest_version_is_loaded_then_switched_then_rolled_back(serving: Serving, models: ModelStore) -> None:
    models.publish(small_model("20261120T000000Z-aaaaaaaa"))
    models.publish(small_model("20261121T000000Z-bbbbbbbb", items=70))
    assert "20261121T000000Z-bbbbbbbb: 70 items, 25 users, index exact, recall 1.0000; live" in run("load-vectors")
    assert "not live" not in run("load-vectors", "--version", "20261120T000000Z-aaaaaaaa", "--no-live")
    assert serving.get("/healthz")[1]["model_version"] == "20261121T000000Z-bbbbbbbb"
    assert "before it was 20261121T000000Z-bbbbbbbb" in run("switch-version", "20261120T000000Z-aaaaaaaa")
    assert serving.get("/healthz")[1]["model_version"] == "20261120T000000Z-aaaaaaaa"
    assert "20261121T000000Z-bbbbbbbb is live again" in run("rollback", "--reason", "worse")
    assert serving.get("/healthz")[1]["model_version"] == "20261121T000000Z-bbbbbbbb"
    assert json.loads(serving.objects("models/registry.json")["models/registry.json"])["live"].endswith("bbbbbbbb")


def test_what_cannot_be_done_says_what_can(models: ModelStore) -> None:
    assert "retail-train-embeddings" in run("load-vectors", fails=True)
    assert "load-vectors" in run("switch-version", "unheard-of", fails=True)
    assert "no earlier version" in run("rollback", fails=True)


def test_without_a_platform_the_command_names_the_parameter(models: ModelStore) -> None:
    boto3.client("ssm").delete_parameter(Name="/retail/vector-db/endpoint")
    assert "/retail/vector-db/endpoint" in run("load-vectors", fails=True)


def test_replay_counts_without_a_platform_change(models: ModelStore) -> None:
    boto3.client("kinesis").create_stream(StreamName="retail-events", ShardCount=1)
    assert "0 records were sent again" in run("replay")


def test_the_loaders_function_does_the_same(
    serving: Serving, models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_SECRET_ARN", "retail_loader")
    models.publish(small_model("20261121T000000Z-cccccccc"))
    models.publish(small_model("20261122T000000Z-dddddddd"))
    assert vector_loader.handler({"version": "20261121T000000Z-cccccccc"}, CONTEXT)["items"] == 60
    assert vector_loader.handler({}, CONTEXT)["version"] == "20261122T000000Z-dddddddd"
    assert vector_loader.handler({"rollback": True}, CONTEXT) == {"version": "20261121T000000Z-cccccccc"}
