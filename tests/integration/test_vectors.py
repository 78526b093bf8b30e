"""Vectors in a real pgvector: load, recall, search, switch, rollback, and the file that people run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import numpy as np
import psycopg
import pytest
from moto import mock_aws
from psql_world import PsqlWorld, psql_world
from streaming_recs.adapters import loader
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.adapters.schema import set_up
from streaming_recs.errors import ModelMissingError, VersionRefusedError
from streaming_recs.model import retrieval
from streaming_recs.operations import load_version
from vector_world import VectorDatabase, small_model, vector_database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorDatabase]:
    with vector_database(tmp_path_factory.mktemp("vectors")) as running:
        yield running


@pytest.fixture
def database(server: VectorDatabase) -> VectorDatabase:
    server.empty()
    return server


def live(database: VectorDatabase, **model: Any) -> Any:
    """Load a small model with the loader's own rights and make it live."""
    version = small_model(**model)
    with database.connect("retail_loader") as connection:
        loader.load(connection, version)
        loader.switch(connection, version.version, "test")
    return version


def test_the_views_show_the_live_versions_vectors_exactly(database: VectorDatabase) -> None:
    model = live(database)
    rows = database.ask("SELECT id, embedding::real[] FROM item_emb ORDER BY id")
    assert [code for code, _ in rows] == model.items.tolist()
    assert np.array_equal(np.array([vector for _, vector in rows], dtype=np.float32), model.item_vectors)
    users = database.ask("SELECT id, embedding::real[] FROM user_emb ORDER BY id")
    assert [number for number, _ in users] == model.users.tolist()
    assert np.array_equal(np.array([vector for _, vector in users], dtype=np.float32), model.user_vectors)
    types = database.ask(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid IN ('item_emb'::regclass, 'user_emb'::regclass) ORDER BY attrelid, attnum"
    )
    assert types == [("id", "text"), ("embedding", "vector(32)"), ("id", "bigint"), ("embedding", "vector(32)")]


def test_a_load_that_was_cut_off_is_made_again_without_doing_it_twice(
    database: VectorDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    when = "SELECT version, live_since FROM model_versions WHERE state = 'live'"
    with mock_aws(), database.connect("retail_loader") as connection:
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="shop-lake")
        store, model = ModelStore(s3, "shop-lake"), small_model()
        store.publish(model)
        loader.load(connection, model)  # and the caller died before the switch
        done = load_version(connection, store, None, make_live=True, reason="night")
        [first] = database.ask(when)
        assert load_version(connection, store, model.version, make_live=True, reason="again") == done
        assert database.ask(when) == [first]
        assert (first[0], store.last_live()) == (model.version, model.version)


def test_what_search_needs_stands_beside_the_vectors(database: VectorDatabase) -> None:
    model = live(database)
    [(line, price, in_stock, recency)] = database.ask(
        "SELECT product_line, price, in_stock, recency FROM item_vectors_v1 WHERE id = 'A0000019'"
    )
    assert (line, price, in_stock) == ("line 1", None, False)
    assert recency == pytest.approx(float(model.recency[19]))


@pytest.mark.parametrize("exact_up_to", [100_000, 100], ids=["exact", "hnsw"])
def test_memory_and_pgvector_give_the_same_answers(database: VectorDatabase, exact_up_to: int) -> None:
    model = small_model(items=2_000, users=40)
    with database.connect("retail_loader") as connection:
        loaded = loader.load(connection, model, exact_up_to=exact_up_to)
        loader.switch(connection, "v1", "test")
    assert loaded.index_kind == ("exact" if exact_up_to > 2_000 else "hnsw")
    assert loaded.recall >= 0.99
    store = database.store()
    queries = retrieval.normalised(model, model.user_vectors)
    expected = retrieval.exact(model, queries, np.ones((40, 2_000), dtype=bool), 20)
    found = store.nearest(store.state([]).live, queries, 20)
    overlap = np.mean([len(set(a) & set(b)) / 20 for a, b in zip(found.tolist(), expected.tolist(), strict=True)])
    assert overlap >= (1.0 if loaded.index_kind == "exact" else 0.985)


def test_a_filtered_search_finds_all_that_it_is_asked_for(database: VectorDatabase) -> None:
    model = small_model(items=3_000, users=4)
    with database.connect("retail_loader") as connection:
        loader.load(connection, model, exact_up_to=100)
        loader.switch(connection, "v1", "test")
    store = database.store()
    queries = retrieval.normalised(model, model.user_vectors)
    without = [np.argsort(-row)[:500].tolist() for row in retrieval.scores(model, queries)]
    found = store.nearest(store.state([]).live, queries, 20, without)
    assert (found >= 0).all()
    assert not [n for n, row in enumerate(found.tolist()) if set(row) & set(without[n])]


def test_an_index_that_misses_neighbours_is_refused_and_leaves_nothing(database: VectorDatabase) -> None:
    live(database, version="good")
    model = small_model("bad", items=1_500)
    with database.connect("retail_loader") as connection, connection.transaction(force_rollback=True):
        connection.execute("SELECT recs_begin('bad', 0.5, 1, true, '{}')")
        loader._copy(connection, f"item_vectors_bad ({loader._ITEM_COLUMNS})", loader.item_rows(model))
        loader._copy(connection, "user_vectors_bad (id, embedding)", loader.user_rows(model))
        # The poorest index that can be built.
        connection.execute(
            "CREATE INDEX ON item_vectors_bad USING hnsw (search vector_cosine_ops) WITH (m = 2, ef_construction = 4)"
        )
        connection.execute(
            "UPDATE model_versions SET items = 1500, users = 25, recall_floor = 0.99 WHERE version = 'bad'"
        )
        first = connection.execute("SELECT ef, recall FROM recs_recall('bad', 50)").fetchall()
    assert first[0][0] == 40
    assert first[0][1] < 0.95
    assert [ef for ef, _ in first] == sorted(ef for ef, _ in first)
    assert first[-1][1] > first[0][1]
    finish = database.ask("SELECT pg_get_functiondef('recs_finish'::regproc)")[0][0]
    database.ask_nothing(finish.replace("THEN 0.99", "THEN 1.1"))  # a floor that nothing reaches
    try:
        with (
            database.connect("retail_loader") as connection,
            pytest.raises(VersionRefusedError, match=r"the floor is 1\.1"),
        ):
            loader.load(connection, model, exact_up_to=100)
    finally:
        database.ask_nothing(finish)
    assert database.ask("SELECT to_regclass('item_vectors_bad')") == [(None,)]
    assert database.store().state([]).live.version == "good"


def test_a_model_of_another_dimension_is_refused_by_name(database: VectorDatabase) -> None:
    model = small_model("narrow")
    narrow = small_model(
        "narrow", item_vectors=model.item_vectors[:, :16], input_vectors=model.input_vectors[:, :16],
        gram=model.gram[:16, :16], prior=model.prior[:16], user_vectors=model.user_vectors[:, :16],
    )  # fmt: skip
    with database.connect("retail_loader") as connection, pytest.raises(VersionRefusedError, match="16 dimensions"):
        loader.load(connection, narrow)
    assert database.ask("SELECT count(*) FROM model_versions") == [(0,)]


def test_vectors_that_are_no_numbers_are_refused(database: VectorDatabase) -> None:
    model = small_model("broken")
    model.item_vectors[3, 3] = np.nan
    with database.connect("retail_loader") as connection, pytest.raises(VersionRefusedError, match="item_vectors"):
        loader.load(connection, model)


def test_rollback_returns_to_the_version_before_and_further(database: VectorDatabase) -> None:
    for name in ("v1", "v2", "v3"):
        live(database, version=name)
    with database.connect("retail_loader") as connection:
        assert loader.rollback(connection, "v3 is worse") == "v2"
        assert loader.rollback(connection, "so is v2") == "v1"
        with pytest.raises(VersionRefusedError, match="no earlier version"):
            loader.rollback(connection, "nothing left")
        assert loader.switch(connection, "v3", "it was not") == "v1"
    assert database.store().state([]).live.version == "v3"
    assert database.ask("SELECT version, previous, reason FROM model_switches ORDER BY switch_id")[3:] == [
        ("v2", "v3", "v3 is worse"), ("v1", "v2", "so is v2"), ("v3", "v1", "it was not"),
    ]  # fmt: skip


def test_old_versions_are_dropped_and_the_live_one_is_kept(database: VectorDatabase) -> None:
    for name in ("v1", "v2", "v3", "v4"):
        live(database, version=name)
    with database.connect("retail_loader") as connection:
        assert loader.prune(connection, keep=2) == 1
    assert database.ask("SELECT version FROM model_versions WHERE state = 'dropped'") == [("v1",)]
    assert database.ask("SELECT count(*) FROM item_emb") == [(60,)]


def test_no_reader_notices_a_switch(database: VectorDatabase) -> None:
    """Readers of the views see one version whole at any moment, and nobody waits or fails."""
    live(database, version="v1", items=60)
    live(database, version="v2", items=90)
    done, seen, failures, slowest = threading.Event(), set(), [], [0.0]

    def read() -> None:
        with database.connect("retail_inference") as connection:
            while not done.is_set():
                started = time.perf_counter()
                try:
                    row = connection.execute("SELECT count(*) FROM item_emb").fetchone()
                    seen.add(row[0] if row else None)
                except psycopg.Error as error:
                    failures.append(error)
                slowest[0] = max(slowest[0], time.perf_counter() - started)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    with database.connect("retail_loader") as connection:
        for turn in range(20):
            loader.switch(connection, ("v1", "v2")[turn % 2], "test")
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert seen == {60, 90}
    assert slowest[0] < 2


def test_the_reader_may_neither_write_nor_load(database: VectorDatabase) -> None:
    live(database)
    with database.connect("retail_inference") as connection:
        for statement in (
            "DELETE FROM item_vectors_v1",
            "UPDATE model_versions SET state = 'retired'",
            "INSERT INTO recent_sessions VALUES ('s', 's', now(), 'e')",
            "SELECT recs_rollback('because')",
            "CREATE TABLE mine (x int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_without_a_live_version_the_state_says_what_to_do(database: VectorDatabase) -> None:
    with pytest.raises(ModelMissingError, match="retail-train-embeddings"):
        database.store().state(["customer:1"])


def test_setting_up_again_keeps_what_is_there(database: VectorDatabase) -> None:
    live(database)
    with database.connect() as connection:
        set_up(connection)
    assert database.ask("SELECT count(*) FROM item_emb") == [(60,)]


@pytest.mark.local_aws
class TestTheFileThatPeopleRun:
    """psql "$VECTOR_DB_URL" -f sql/pgvector/embeddings.sql, on an RDS instance of local AWS."""

    @pytest.fixture(scope="class")
    def rds(self, local_aws: Any) -> Iterator[PsqlWorld]:
        yield from psql_world(local_aws)

    def test_a_published_version_goes_live_as_itself(self, rds: PsqlWorld) -> None:
        model = small_model("20261121T120000Z-abcdef01")
        rds.models.publish(model)
        said = rds.run()
        assert model.version in said
        rows = rds.ask("SELECT id, embedding::real[] FROM item_emb ORDER BY id")
        assert np.array_equal(np.array([vector for _, vector in rows], dtype=np.float32), model.item_vectors)
        assert rds.ask("SELECT count(*) FROM user_emb") == [(25,)]
        # The same columns as the loader writes.
        search = rds.ask(
            "SELECT search::real[] FROM item_emb JOIN item_vectors_20261121t120000z_abcdef01 USING (id) ORDER BY id"
        )
        expected = loader.search_vectors(model)
        assert np.allclose(np.array([row[0] for row in search]), expected, atol=1e-5)
        assert rds.ask("SELECT version, in_lake FROM model_versions WHERE state = 'live'") == [(model.version, True)]

    def test_running_it_again_changes_nothing(self, rds: PsqlWorld) -> None:
        before = rds.ask("SELECT version, live_since FROM model_versions ORDER BY 1")
        rds.run()
        assert rds.ask("SELECT version, live_since FROM model_versions ORDER BY 1") == before

    def test_vectors_of_ones_own_become_a_version_of_their_own(self, rds: PsqlWorld) -> None:
        vector = "[" + ",".join(["0.5"] * 32) + "]"
        rds.put("item_embeddings.csv", f'id,embedding\nS10_1678,"{vector}"\nS10_1949,"{vector}"\n')
        rds.put("user_embeddings.csv", f'id,embedding\n103,"{vector}"\n')
        assert "csv-" in rds.run()
        assert rds.ask("SELECT id FROM item_emb ORDER BY id") == [("S10_1678",), ("S10_1949",)]
        assert rds.ask("SELECT in_lake FROM model_versions WHERE state = 'live'") == [(False,)]

    def test_another_dimension_is_refused_and_the_live_version_stays(self, rds: PsqlWorld) -> None:
        live = rds.ask("SELECT count(*) FROM item_emb")
        rds.put("item_embeddings.csv", 'id,embedding\nS1,"[1,2,3]"\n')
        with pytest.raises(AssertionError, match="expected 32 dimensions, not 3"):
            rds.run()
        assert rds.ask("SELECT count(*) FROM item_emb") == live
        assert rds.ask("SELECT count(*) FROM model_versions WHERE state = 'loading'") == [(0,)]

    def test_without_the_bucket_it_says_what_to_do(self, rds: PsqlWorld) -> None:
        done = rds.psql(LAKE_BUCKET=None)
        assert done.returncode != 0
        assert "make -s env" in done.stderr
