"""One retraining, from plain columns to files on S3: what the gate decides, and what becomes of the version."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws
from planted import catalogue, customers, shop
from streaming_recs import training_run
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.lake.run_report import RunReport
from streaming_recs.model.fold_in import shopper_vector
from streaming_recs.model.shopper import Shopper
from streaming_recs.training.settings import Settings
from streaming_recs.training.tables import Sources
from streaming_recs.training_run import retrain

BUCKET = "shop-lake"
DATA = {"publication": "night-1", "snapshots": {"ratings_ml_training": 42}, "rows": 6000}


@pytest.fixture
def store(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    small = Settings(dimensions=32, rounds=10, neighbours=20, rerank=False)
    monkeypatch.setattr(training_run, "_settings", lambda report: small)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield ModelStore(boto3.client("s3"), BUCKET)


def keys() -> set[str]:
    return {found["Key"] for found in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def noise() -> Sources:
    """Everybody buys the same few things at random: nothing beats popularity."""
    rows = shop(rows=300)
    return Sources(rows.where(rows.item < 6), catalogue(), customers())


def test_tastes_that_are_there_are_found_and_the_first_version_is_provisional(store):
    report = RunReport("night-1")
    model = retrain(Sources(shop(), catalogue(), customers()), DATA, store, report, seed=1)
    assert (report.facts["decision"], report.facts["serves"]) == ("provisional", "candidate")
    assert model.metrics["recall_at_20"]["ours"] > model.metrics["recall_at_20"]["popularity"]
    assert {f"models/{model.version}/model.npz", "embeddings/current/item_embeddings.csv"} <= keys()
    record = json.loads(
        boto3.client("s3").get_object(Bucket=BUCKET, Key=f"models/{model.version}/record.json")["Body"].read()
    )
    assert record["data"]["snapshots"] == {"ratings_ml_training": 42}
    assert store.load(model.version).data["status"] == "provisional"


def test_without_signal_the_gate_refuses_and_popularity_serves(store):
    report = RunReport("night-1")
    model = retrain(noise(), DATA | {"rows": 1}, store, report, seed=1)
    assert (report.facts["decision"], report.facts["serves"]) == ("refused", "popularity")
    assert any("popularity" in reason for reason in report.reasons)
    _, path = shopper_vector(store.load(model.version), Shopper(customer_number=int(model.users[0])))
    assert path == "popular"


def test_the_same_snapshots_are_not_trained_on_again_while_their_model_is_live(store, monkeypatch):
    sources = Sources(shop(), catalogue(), customers())
    live = retrain(sources, DATA, store, RunReport("night-1"), seed=1)
    store.note_live(live.version, None)
    before, report = keys(), RunReport("night-2")
    again = retrain(sources, DATA, store, report, seed=1)
    assert (again.version, report.facts["decision"], keys()) == (live.version, "unchanged", before)
    assert "--force" in report.reasons[0]
    other_seed = retrain(sources, DATA, store, RunReport("night-3"), seed=2)
    newer = retrain(sources, DATA | {"snapshots": {"ratings_ml_training": 43}}, store, RunReport("night-4"), seed=1)
    forced = retrain(sources, DATA, store, RunReport("night-5"), seed=1, force=True)
    monkeypatch.setattr(training_run, "code_digest", lambda: "0123456789ab")
    other_code = retrain(sources, DATA, store, RunReport("night-6"), seed=1)
    assert live.version not in {other_seed.version, newer.version, forced.version, other_code.version}


def test_a_refused_version_leaves_the_live_ones_embeddings_where_they_are(store):
    live = retrain(Sources(shop(), catalogue(), customers()), DATA, store, RunReport("night-1"), seed=1)
    store.note_live(live.version, None)
    before = boto3.client("s3").head_object(Bucket=BUCKET, Key="embeddings/current/version.csv")["ETag"]
    report = RunReport("night-2")
    refused = retrain(noise(), DATA | {"rows": 1}, store, report, seed=2)
    assert (report.facts["decision"], report.facts["serves"]) == ("refused", "live")
    assert boto3.client("s3").head_object(Bucket=BUCKET, Key="embeddings/current/version.csv")["ETag"] == before
    assert f"embeddings/{refused.version}/item_embeddings.csv" in keys()
    assert store.current() == live.version


def test_a_worker_without_lightgbms_library_trains_without_a_second_stage(monkeypatch):
    def missing(name: str) -> None:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(training_run.importlib, "import_module", missing)
    report = RunReport("night-1")
    assert training_run._settings(report).rerank is False
    assert "libgomp" in report.reasons[0]
