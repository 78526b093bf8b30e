"""One contract for both ways to search: in memory, and by pgvector."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from serving_world import BUCKET, Serving
from streaming_recs.adapters import loader
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.events import BrowsedItem
from streaming_recs.model.shopper import Wanted
from streaming_recs.recommender import Asked, Recommender
from vector_world import small_model

ASKED = [
    Asked(100),
    Asked(101, history=(BrowsedItem(product_code="A0000003"),)),
    Asked(history=(BrowsedItem(product_code="A0000003"), BrowsedItem(product_code="A0000009", in_shopping_cart=True))),
    Asked(country="France", city="Nantes"),
    Asked(),
]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(k=20),
        Wanted(k=5, product_lines=frozenset({"line 2"}), diversity=0.5),
        Wanted(k=20, exclude=frozenset(f"A{n:07d}" for n in range(0, 400, 2))),
        Wanted(k=20, bought=True, in_cart=True, in_stock_only=False),
    ],
    ids=["plain", "one line", "many excluded", "everything"],
)
def test_memory_and_pgvector_answer_the_same(serving: Serving, wanted: Wanted) -> None:
    serving.publish(items=700, users=30)
    models = ModelStore(boto3.client("s3"), BUCKET)
    memory = Recommender(serving.database.store(), models, in_memory_items=100_000)
    pgvector = Recommender(serving.database.store(), models, in_memory_items=0)
    assert pgvector.recommend(ASKED, wanted) == memory.recommend(ASKED, wanted)
    assert pgvector.for_embedding([0.1] * 32, wanted) == memory.for_embedding([0.1] * 32, wanted)


def test_a_batch_is_one_exchange_with_the_database(serving: Serving) -> None:
    serving.publish()
    recommender = Recommender(serving.database.store(), ModelStore(boto3.client("s3"), BUCKET))
    recommender.recommend(ASKED, Wanted())
    connection = recommender._vectors._connection._held
    assert connection is not None
    executed = []
    execute = connection.execute
    connection.execute = lambda *given, **more: executed.append(given) or execute(*given, **more)  # type: ignore[method-assign,func-returns-value]
    recommender.recommend([Asked(number) for number in range(500)], Wanted())
    assert len(executed) == 1


def test_a_version_that_sql_made_live_is_written_into_the_lake_by_the_first_process_that_serves_it(
    serving: Serving,
) -> None:
    serving.publish()
    models, newer = ModelStore(boto3.client("s3"), BUCKET), small_model("by-sql")
    models.publish(newer)
    with serving.database.connect("retail_loader") as connection:
        loader.load(connection, newer)
        loader.switch(connection, "by-sql", "psql")
    assert models.last_live() != "by-sql"
    assert Recommender(serving.database.store(), models).health() == "by-sql"
    assert models.last_live() == "by-sql"


def test_a_lake_that_cannot_be_written_to_hinders_no_answer(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model, models = serving.publish(), ModelStore(boto3.client("s3"), BUCKET)
    models.note_live("another", None)

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    monkeypatch.setattr(models._client, "put_object", refuse)
    assert Recommender(serving.database.store(), models).health() == model.version
    assert "still names another" in caplog.text
