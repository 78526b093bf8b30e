"""retail-retraining for real: from the published star schema to a model in the lake, which then serves."""

from __future__ import annotations

import json
import re
from typing import Any

import awswrangler
import boto3
import pytest
from streaming_recs.adapters.inference_client import InferenceClient
from support import LocalAws
from training_world import LAKE, Retrained

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def session(applied: LocalAws) -> Any:
    """A session that finds local AWS as a user's does: by the environment of `make env`."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in applied.env.items():
            if name.startswith("AWS_"):
                environment.setenv(name, value)
        yield boto3.Session(region_name="us-east-1")


def ask(session: boto3.Session, statement: str) -> list[tuple[Any, ...]]:
    frame = awswrangler.athena.read_sql_query(
        statement, database="retail_gold", workgroup="retail-analytics", ctas_approach=False, boto3_session=session
    )
    return [tuple(row) for row in frame.itertuples(index=False)]


@pytest.fixture(scope="module")
def table(retrained: Retrained) -> dict[str, Any]:
    return retrained.table


@pytest.fixture(scope="module")
def trained(retrained: Retrained) -> dict[str, Any]:
    return retrained.model


def test_every_order_line_that_was_not_cancelled_is_an_interaction(session, table):
    """Of the publication that the table says it was made of: there may be later ones."""
    [(snapshot,)] = ask(
        session, f"SELECT snapshots['fact_orders'] FROM publications WHERE runId = '{table['publication']}'"
    )
    sql = f"SELECT COUNT(*) FROM fact_orders FOR VERSION AS OF {snapshot} WHERE status <> 'Cancelled'"
    kept = ask(session, sql)[0][0]
    bought, rated = ask(
        session,
        "SELECT COUNT_IF(source = 'purchase'), COUNT_IF(source = 'rating') FROM ratings_ml_training",
    )[0]
    assert bought == kept == table["counts"]["order lines"] - table["counts"]["cancelled"]
    assert bought + rated == table["counts"]["rows"]


def test_a_rating_weighs_by_its_stars(session, table):
    found = ask(
        session,
        "SELECT productRating, MIN(weight), MAX(weight) FROM ratings_ml_training "
        "WHERE productRating IS NOT NULL GROUP BY productRating ORDER BY productRating",
    )
    assert found
    for stars, least, most in found:
        assert least == most == pytest.approx((stars - 1) / 3)


def test_a_model_and_its_embeddings_are_in_the_lake(applied, trained):
    version, s3 = trained["model_version"], applied.client("s3")
    listed = s3.list_objects_v2(Bucket=LAKE, Prefix=f"embeddings/{version}/")["Contents"]
    assert {"item_embeddings.csv", "user_embeddings.csv"} <= {found["Key"].rsplit("/", 1)[1] for found in listed}
    rows = s3.get_object(Bucket=LAKE, Key=f"embeddings/{version}/item_embeddings.csv")["Body"].read().decode()
    header, first, *_ = rows.splitlines()
    assert header == "id,embedding"
    assert len(json.loads(first.split(",", 1)[1].strip('"'))) == 32
    record = json.loads(s3.get_object(Bucket=LAKE, Key=f"models/{version}/record.json")["Body"].read())
    assert record["metrics"]["recall_at_20"].keys() >= {"ours", "popularity"}


def test_the_gate_says_why(trained):
    assert trained["decision"] in {"provisional", "live", "refused"}
    assert any("popularity" in reason for reason in trained["reasons"])


def test_the_first_version_serves_and_the_alert_says_what_the_gate_said(applied, trained, retrained):
    assert trained["serves"] in {"candidate", "popularity"}  # there is no other one to be kept
    assert trained["model_version"] in retrained.alert["Message"]
    assert trained["decision"] in retrained.alert["Message"]
    answer = InferenceClient(applied.client("lambda"), "retail-inference").get("/popular", limit=3)
    assert answer["model_version"] == trained["model_version"]
    assert len(answer["items"]) == 3


def test_shoppers_are_replayed_on_the_stream_and_get_answers(applied, retrained):
    shown = applied.run("retail", "stream-shoppers", "--visits", "20").stdout
    assert re.search(r"events sent +│ (\S+) of \1 ", shown), shown
    assert "trained_user" in shown


def test_every_click_changes_the_shoppers_list_and_nobody_elses(applied, retrained):
    for _ in range(2):  # the second one is on another product
        shown = applied.run("retail", "show-click").stdout
        assert re.search(r"The list changed \d+ ms after the click", shown), shown
        control_before, control_after = re.findall(r"mean rank ◀ +│ +\S+ +│ +\S+ +│ +(\S+) +│ +(\S+) +│", shown)[0]
        assert control_before == control_after
