"""A PostgreSQL that tests start themselves, set up as the warehouse's rotations do, and a small lake to load."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from batch_etl.schemas import STAR
from batch_etl.warehouse.connection import Login, Stage, Warehouse
from batch_etl.warehouse.publications import Pinned
from batch_etl.warehouse.roles import set_user
from batch_etl.warehouse.rows import Chunk, to_chunk
from batch_etl.warehouse.schema import set_up
from batch_etl.warehouse.tables import Table
from local_aws.certificates import Authority
from local_aws.engines import postgres
from local_aws.engines.database import Database as EngineDatabase
from local_aws.engines.database import Master, wait_ready
from local_aws.settings import Settings
from pyspark.sql.pandas.types import to_arrow_schema
from support import free_port

MASTER = Master("retail_admin", "not-a-secret-here", "warehouse")
PASSWORDS = {"warehouse_loader": "loads", "warehouse_reader": "reads"}
NEW_YEAR = date(2004, 1, 1)


@dataclass
class WarehouseDatabase:
    """A server of its own; users and tables are those of production."""

    database: EngineDatabase

    def warehouse(self, user: str = "warehouse_loader", **logins: Login | None) -> Warehouse:
        """As the job is told of it; `logins` are what the secret's stages hold."""
        held = {"AWSCURRENT": Login(user, PASSWORDS[user]), "AWSPENDING": None} | logins

        def login(stage: Stage) -> Login | None:
            return held[stage]

        return Warehouse("127.0.0.1", self.database.port, "warehouse", self.database.tls.authority, login)

    def connect(self, user: str = MASTER.user, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.database.port, dbname="warehouse", user=user,
            password=PASSWORDS.get(user, MASTER.password), sslmode="verify-full",
            sslrootcert=str(self.database.tls.authority), **{"autocommit": True, **options},
        )  # fmt: skip

    def ask(self, statement: str, user: str = "warehouse_reader") -> list[Any]:
        with self.connect(user) as connection:
            return connection.execute(statement.encode()).fetchall()

    def do(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute("SET ROLE warehouse_owner")
            connection.execute(statement.encode())

    def counts(self) -> dict[str, int]:
        return {name: self.ask(f"SELECT count(*) FROM {name}")[0][0] for name in STAR}

    def empty(self) -> None:
        self.do("TRUNCATE loads, " + ", ".join(STAR))


@contextmanager
def warehouse_database(folder: Path) -> Iterator[WarehouseDatabase]:
    """A server in `folder`, set up as the first rotations do."""
    folder.mkdir(parents=True, exist_ok=True)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    engine = postgres.find(Settings(checkout=folder, port=0, cache_home=cache, state_home=folder / "state"))
    tls = Authority(folder / "ca").issue(folder / "tls")
    database = EngineDatabase("warehouse", folder, free_port(), tls, {}, "18.4")
    engine.initialise(database, MASTER)
    spec = engine.prepare(database)
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            spec.argv, cwd=spec.cwd, stdout=log, stderr=log, env={"PATH": os.environ["PATH"], **spec.environment}
        )
    try:
        wait_ready(lambda: engine.check(database), lambda: server.poll() is None)
        made = WarehouseDatabase(database)
        with made.connect() as connection:
            set_up(connection)
            for user, password in PASSWORDS.items():
                set_user(connection, user, password)
        yield made
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def line(number: int, quantity: int, price: str, product: str = "A", customer: int = 1) -> dict[str, Any]:
    """A line of order 10."""
    amount = quantity * Decimal(price)
    return {
        "ordernumber": 10, "orderlinenumber": number, "customernumber": customer, "productcode": product,
        "locationkey": customer, "orderdate": NEW_YEAR, "quantityordered": quantity, "priceeach": Decimal(price),
        "orderamount": amount,
    }  # fmt: skip


def small_star() -> dict[str, list[dict[str, Any]]]:
    no_sales = {"orders": 0, "customers": 0, "quantity": 0, "cancelledquantity": 0}
    no_money = dict.fromkeys(("revenue", "cost", "margin", "cancelledrevenue"), Decimal(0))
    return {
        "dim_dates": [_day(NEW_YEAR + timedelta(days)) for days in range(3)],
        "dim_locations": [{"locationkey": 1, "city": "Nantes"}, {"locationkey": 2, "city": "Las Vegas"}],
        "dim_products": [{"productcode": "A", "productname": 'A "ship"'}, {"productcode": "B"}],
        "dim_customers": [{"customernumber": 1, "locationkey": 1}, {"customernumber": 2, "locationkey": 2}],
        "fact_orders": [line(1, 3, "10.10"), line(2, 1, "0.05", "B", 2)],
        "daily_sales": [
            {"orderdate": NEW_YEAR, "country": "France", "orders": 1, "orderlines": 2, "quantity": 4} | no_money
        ],
        "product_performance": [{"productcode": code} | no_sales | no_money for code in ("A", "B")],
    }


def _day(day: date) -> dict[str, Any]:
    return {
        "datekey": day, "year": day.year, "quarter": 1, "month": day.month, "monthname": "January",
        "dayofmonth": day.day, "dayofweek": day.isoweekday(), "dayname": day.strftime("%A"),
        "isweekend": day.isoweekday() > 5, "yearmonth": "2004-01",
    }  # fmt: skip


@dataclass
class SmallLake:
    """A star schema in view: two places, customers and products, and one order with two lines.

    `snapshots` names the state of each table: change rows through `put`, which makes a new one.
    """

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=small_star)
    snapshots: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAR, 1))
    read: list[str] = field(default_factory=list)

    @property
    def pinned(self) -> Pinned:
        return Pinned({"star": "run-1"}, dict(self.snapshots))

    def put(self, name: str, *rows: Mapping[str, Any]) -> None:
        """Replace the table; columns that a row leaves out are null."""
        self.rows[name] = [dict(row) for row in rows]
        self.snapshots[name] += 1

    def chunks(self, table: Table) -> Iterator[Chunk]:
        """Row by row, so that a table has several chunks."""
        self.read.append(table.name)
        schema = to_arrow_schema(STAR[table.name])
        lower = pa.schema([(name.lower(), kind) for name, kind in zip(schema.names, schema.types, strict=True)])
        for row in self.rows[table.name]:
            assert not set(row) - set(lower.names)
            yield to_chunk(pa.RecordBatch.from_pylist([row], lower).select(table.column_names))
