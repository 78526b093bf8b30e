"""A PostgreSQL with pgvector that tests and benchmarks start themselves, and small models to put into it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from local_aws.certificates import Authority
from local_aws.engines import postgres
from local_aws.engines.database import Database as EngineDatabase
from local_aws.engines.database import Master, wait_ready
from local_aws.settings import Settings as LocalSettings
from streaming_recs.adapters.connection import WarmConnection
from streaming_recs.adapters.roles import set_user
from streaming_recs.adapters.schema import set_up
from streaming_recs.adapters.secret import Login, Stage
from streaming_recs.adapters.vector_store import VectorStore
from streaming_recs.model.features import ITEM_SIGNALS, USER_SIGNALS
from streaming_recs.model.version import Attributes, Histories, ModelVersion, Neighbours
from streaming_recs.settings import Database, Patience
from support import free_port

MASTER = Master("recs_admin", "not-a-secret-here", "recs")
PASSWORDS = {"retail_inference": "reads", "retail_profile_updater": "writes", "retail_loader": "loads"}


@dataclass
class VectorDatabase:
    """A server of its own; users and tables are those of production."""

    engine: postgres.Postgres
    database: EngineDatabase
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        spec = self.engine.prepare(self.database)
        log = (self.database.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            spec.argv, cwd=spec.cwd, stdout=log, stderr=log, env={"PATH": os.environ["PATH"], **spec.environment},
            start_new_session=True,
        )  # fmt: skip
        wait_ready(lambda: self.engine.check(self.database), lambda: self.process is not None)

    def stop(self) -> None:
        """As `pg_ctl stop -m fast`: clients are cut off."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            self.process = None

    def freeze(self, *, on: bool) -> None:
        """Stop every server process in its tracks, so that connections stay open and nobody answers; or let go."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP if on else signal.SIGCONT)

    def settings(self, **changes: Any) -> Database:
        values = {
            "host": "127.0.0.1", "port": self.database.port, "name": "recs", "secret_arn": "a secret",
            "ca": str(self.database.tls.authority),
        }  # fmt: skip
        return Database(**values | changes)

    def connect(self, user: str = MASTER.user, **options: Any) -> psycopg.Connection[Any]:
        password = PASSWORDS.get(user, MASTER.password)
        return psycopg.connect(
            host="127.0.0.1", port=self.database.port, dbname="recs", user=user, password=password,
            sslmode="verify-full", sslrootcert=str(self.database.tls.authority), autocommit=True, **options,
        )  # fmt: skip

    def warm(self, user: str = "retail_inference", patience: Patience | None = None) -> WarmConnection:
        def login(stage: Stage) -> Login | None:
            return Login(user, PASSWORDS[user]) if stage == "AWSCURRENT" else None

        return WarmConnection(self.settings(), login, patience or Patience())

    def store(self, user: str = "retail_inference", patience: Patience | None = None) -> VectorStore:
        return VectorStore(self.warm(user, patience))

    def ask(self, statement: str, *parameters: Any) -> list[Any]:
        with self.connect() as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def ask_nothing(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement.encode())

    def empty(self) -> None:
        """Forget every version, session and journal row."""
        with self.connect() as db:
            for (suffix,) in db.execute("SELECT suffix FROM model_versions WHERE state <> 'dropped'").fetchall():
                db.execute(f"DROP TABLE item_vectors_{suffix}, user_vectors_{suffix} CASCADE".encode())
            db.execute("TRUNCATE model_versions, model_switches, recent_sessions, recent_interactions")
            set_up(db)


@contextmanager
def vector_database(folder: Path, **parameters: str) -> Iterator[VectorDatabase]:
    """A server in `folder`, set up as the first rotations do."""
    folder.mkdir(parents=True, exist_ok=True)
    local = LocalSettings(checkout=folder, port=0, cache_home=_cache(), state_home=folder / "state")
    engine = postgres.find(local)
    tls = Authority(folder / "ca").issue(folder / "tls")
    server = VectorDatabase(engine, EngineDatabase("vectors", folder, free_port(), tls, parameters, "18.4"))
    engine.initialise(server.database, MASTER)
    server.start()
    try:
        with server.connect() as connection:
            set_up(connection)
            for user, password in PASSWORDS.items():
                set_user(connection, user, password)
        yield server
    finally:
        server.stop()


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def small_model(version: str = "v1", items: int = 60, users: int = 25, seed: int = 1, **changes: Any) -> ModelVersion:
    """Items A000, A001, … in three product lines, users 100, 101, …; each user bought the items that suit best."""
    rng = np.random.default_rng(seed)
    v = rng.normal(size=(items, 32)).astype(np.float32)
    u = rng.normal(size=(users, 32)).astype(np.float32)
    bought = np.argsort(-(u @ v.T), axis=1)[:, :3].astype(np.int32)
    near = np.argsort(-(v @ v.T), axis=1)[:, 1:6].astype(np.int32)
    values: dict[str, Any] = {
        "version": version,
        "items": np.array([f"A{i:07d}" for i in range(items)]),
        "item_vectors": v,
        "input_vectors": v / 10,
        "recency": rng.normal(size=items).astype(np.float32),
        "recency_weight": 0.5,
        "popularity": rng.integers(1, 50, items).astype(np.float32),
        "gram": v.T @ v,
        "prior": u.mean(axis=0),
        "prior_weight": 1.0,
        "ridge": 1.0,
        "users": np.arange(100, 100 + users),
        "user_vectors": u,
        "place_priors": {"france": u[0], "france|nantes": u[1]},
        "credit_edges": np.zeros(0, dtype=np.float32),
        "credit_priors": np.zeros((0, 32), dtype=np.float32),
        "attributes": Attributes(
            np.array([f"line {i % 3}" for i in range(items)]),
            np.where(np.arange(items) % 10 == 9, np.nan, np.arange(items, dtype=float)),
            np.arange(items) % 20 != 19,
        ),
        "histories": Histories(
            np.arange(0, 3 * users + 1, 3), bought.ravel(), *[np.ones(3 * users, dtype=np.float32)] * 2,
            np.full(3 * users, 40, dtype=np.float32), np.full(3 * users, 20, dtype=np.float32),
            np.zeros(3 * users, dtype=np.float32),
        ),
        "item_signals": np.zeros((items, len(ITEM_SIGNALS)), dtype=np.float32),
        "user_signals": np.ones((users, len(USER_SIGNALS)), dtype=np.float32),
        "companions": Neighbours(near, np.ones_like(near, dtype=np.float32)),
        "neighbours": Neighbours(near, np.ones_like(near, dtype=np.float32)),
        "metrics": {"r20": 0.1},
    }  # fmt: skip
    return ModelVersion(**values | changes)
