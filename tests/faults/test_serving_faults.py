"""Serving while things break: bounded time, something to show, nothing lost, never two versions in one answer."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import numpy as np
import pytest
from serving_fixtures import forget_warm_processes, serving, vector_server
from serving_world import BUCKET, Serving, browse, raw
from streaming_recs.adapters import loader
from streaming_recs.adapters.connection import WarmConnection
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.adapters.secret import read_login
from streaming_recs.adapters.vector_store import VectorStore
from streaming_recs.errors import StoreUnavailableError
from streaming_recs.model.shopper import Wanted
from streaming_recs.recommender import Asked, Recommender
from streaming_recs.settings import Database, Patience
from vector_world import PASSWORDS, small_model

__all__ = ["serving", "vector_server"]


def answered(serving: Serving, path: str, **query: Any) -> Any:
    """What a shopper gets; that it comes while the database hangs or is down is the point."""
    status, answer = serving.get(path, **query)
    assert status == 200, answer
    return answer


def again(seconds: float = 15) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.2)
    raise AssertionError("it did not recover in time")


def test_a_database_that_is_down_costs_no_answer(serving: Serving) -> None:
    serving.publish()
    assert answered(serving, "/users/424242/recommendations")["path"] == "popular"
    serving.remember(raw(browse("A0000001", customer_number=424242)))
    assert answered(serving, "/users/424242/recommendations")["path"] == "fold_in"
    serving.database.stop()
    try:
        for _ in range(5):
            answer = answered(serving, "/users/424242/recommendations")
            assert (answer["path"], len(answer["items"]), answer["model_version"]) == ("popular", 20, "v1")
        [record] = serving.transform(raw(browse("A0000002")))
        assert json.loads(record["data"])["path"] == "fold_in"  # by what the event itself brings
    finally:
        serving.database.start()
    for _ in again():
        if answered(serving, "/users/424242/recommendations")["path"] == "fold_in":
            break


def test_a_database_that_hangs_costs_bounded_time(serving: Serving) -> None:
    """No packet comes back: only our own clock can end the waiting."""
    serving.publish()
    serving.remember(raw(browse("A0000001", customer_number=515151)))
    for _ in again():  # an earlier failure may be fresh, and then the database is not asked
        if answered(serving, "/users/515151/recommendations")["path"] == "fold_in":
            break
    with frozen(serving):
        answers = [answered(serving, "/users/424242/recommendations") for _ in range(4)]
        assert [(answer["path"], len(answer["items"])) for answer in answers] == [("popular", 20)] * 4
    for _ in again():
        if serving.get("/users/100/recommendations")[1]["path"] == "trained_user":
            break


@contextmanager
def frozen(serving: Serving) -> Iterator[None]:
    serving.database.freeze(on=True)
    try:
        yield
    finally:
        serving.database.freeze(on=False)


def test_a_database_that_is_two_seconds_slow_costs_bounded_time(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.publish()
    with slow_way_to(serving.database.database.port) as way:
        monkeypatch.setenv("DB_PORT", str(way.port))
        answered(serving, "/users/100/recommendations")
        way.delay = 2.0
        answers = [answered(serving, "/users/424242/recommendations", limit=5) for _ in range(4)]
        assert all(answer["path"] == "popular" and len(answer["items"]) == 5 for answer in answers)


class Way:
    """A TCP relay that holds back what the server says for `delay` seconds."""

    def __init__(self, target: int) -> None:
        self.target, self.delay = target, 0.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for source, sink, held in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.relay, args=(source, sink, held), daemon=True).start()

    def relay(self, source: socket.socket, sink: socket.socket, held: bool) -> None:
        try:
            while data := source.recv(65_536):
                time.sleep(self.delay if held else 0)
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()


@contextmanager
def slow_way_to(port: int) -> Iterator[Way]:
    way = Way(port)
    threading.Thread(target=way.serve, daemon=True).start()
    try:
        yield way
    finally:
        way.listener.close()


def test_a_process_that_starts_while_the_database_is_down_serves_what_was_live_last(serving: Serving) -> None:
    serving.publish(version="v1")
    serving.publish(version="v2", seed=2)
    serving.database.stop()
    try:
        forget_warm_processes()
        answer = answered(serving, "/users/424242/recommendations")
        assert (answer["path"], answer["model_version"], len(answer["items"])) == ("popular", "v2", 20)
    finally:
        serving.database.start()


def test_events_during_an_outage_are_not_lost(serving: Serving) -> None:
    """The batch comes again until the database is back, as the stream's mapping has it."""
    batch = [raw(browse("A", event_id=f"e{n}", session_id=f"s{n}")) for n in range(50)]
    serving.database.stop()
    back = threading.Timer(3, serving.database.start)
    back.start()
    tries = 0
    try:
        for _ in again(40):
            tries += 1
            try:
                assert serving.remember(*batch) == []
                break
            except StoreUnavailableError:
                continue
    finally:
        back.join()
    assert tries > 1
    assert len(serving.recent()) == 50


def test_connections_that_the_server_cut_are_made_anew_unnoticed(serving: Serving) -> None:
    serving.publish()
    answered(serving, "/users/100/recommendations")
    serving.database.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'streaming_recs'"
    )
    assert answered(serving, "/users/100/recommendations")["path"] == "trained_user"


def test_every_answer_during_switches_is_of_one_version(serving: Serving) -> None:
    """Two versions of disjoint products: an answer that mixed them would show it."""
    for version in ("a", "b"):
        model = small_model(version, seed=ord(version))
        serving.publish(replace(model, items=np.char.replace(model.items, "A", version.upper())))
    done, wrong, seen = threading.Event(), [], set()

    def shop() -> None:
        recommender = Recommender(serving.database.store(), ModelStore(boto3.client("s3"), BUCKET))
        while not done.is_set():
            for answer in recommender.recommend([Asked(100), Asked(101)], Wanted(k=10)):
                seen.add(answer.model_version)
                mixed = {item.product_code[0] for item in answer.items} != {answer.model_version.upper()}
                if mixed or len(answer.items) != 10:
                    wrong.append(answer)

    shoppers = [threading.Thread(target=shop) for _ in range(3)]
    for shopper in shoppers:
        shopper.start()
    with serving.database.connect("retail_loader") as connection:
        for turn in range(12):
            loader.switch(connection, "ab"[turn % 2], "test")
            time.sleep(0.15)
    done.set()
    for shopper in shoppers:
        shopper.join()
    assert not wrong
    assert seen == {"a", "b"}


def test_no_request_fails_while_the_password_rotates(serving: Serving) -> None:
    """Set on the server first, current in the secret later: in between the pending one opens the door."""
    serving.publish()
    secrets = boto3.client("secretsmanager")
    database = Database.from_environment(os.environ)
    done, failures, asked = threading.Event(), [], [0]

    def keep_asking() -> None:
        while not done.is_set():
            connection = WarmConnection(database, read_login(database.secret_arn), Patience(pause=0))
            try:
                VectorStore(connection).state([])
                asked[0] += 1
            except StoreUnavailableError as error:
                failures.append(error)
            connection.close()

    asker = threading.Thread(target=keep_asking)
    asker.start()
    try:
        for turn in range(4):
            password = f"rotated-{turn}"
            value = json.dumps({"username": "retail_inference", "password": password})
            pending = secrets.put_secret_value(
                SecretId="retail_inference", SecretString=value, VersionStages=["AWSPENDING"]
            )["VersionId"]
            serving.database.ask_nothing(f"ALTER ROLE retail_inference PASSWORD '{password}'")
            time.sleep(0.3)
            stages = secrets.describe_secret(SecretId="retail_inference")["VersionIdsToStages"]
            current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
            secrets.update_secret_version_stage(
                SecretId="retail_inference", VersionStage="AWSCURRENT", MoveToVersionId=pending,
                RemoveFromVersionId=current,
            )  # fmt: skip
            time.sleep(0.3)
    finally:
        done.set()
        asker.join()
        serving.database.ask_nothing(f"ALTER ROLE retail_inference PASSWORD '{PASSWORDS['retail_inference']}'")
    assert asked[0] > 8
    assert not failures


def test_a_wrong_password_is_told_and_not_shown(serving: Serving) -> None:
    secret = json.dumps({"username": "retail_inference", "password": "wrong-one"})
    boto3.client("secretsmanager").put_secret_value(SecretId="retail_inference", SecretString=secret)
    database = Database.from_environment(os.environ)
    with pytest.raises(StoreUnavailableError, match="authentication failed") as refusal:
        VectorStore(WarmConnection(database, read_login("retail_inference"), Patience())).state([])
    assert "wrong-one" not in str(refusal.value)
    serving.publish()
    assert serving.get("/popular")[0] == 200  # from what the lake knows
