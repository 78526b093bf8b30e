"""Database clients get URLs without passwords, and private files with them that follow a rotation."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from local_aws.connections import ClientFiles, connection_variables
from local_aws.settings import Settings


class Account:
    """SSM and Secrets Manager with a source database, and a warehouse when asked for."""

    def __init__(self, warehouse: bool = False) -> None:
        self.password = 'p:a"s\\s'
        groups = {"source": ("3306", "classicmodels"), **({"warehouse": ("5432", "retail")} if warehouse else {})}
        self.parameters = {
            f"/retail/{group}/{name}": value
            for group, (port, database) in groups.items()
            for name, value in {
                "endpoint": "127.0.0.1",
                "port": port,
                "database": database,
                "reader_secret_arn": f"arn:{group}",
            }.items()
        }

    def __call__(self, service: str) -> Any:
        return self

    def get_parameters(self, Names: list[str]) -> Any:  # noqa: N803 - AWS's spelling
        found = [{"Name": name, "Value": self.parameters[name]} for name in Names if name in self.parameters]
        return {"Parameters": found}

    def get_secret_value(self, SecretId: str) -> Any:  # noqa: N803
        return {"SecretString": json.dumps({"username": "retail_reader", "password": self.password})}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, 5199, tmp_path / "cache", tmp_path / "state")


def test_urls_carry_no_password(settings: Settings) -> None:
    variables = connection_variables(settings, Account(warehouse=True))
    assert variables["MYSQL_URL"] == "mysql://retail_reader@127.0.0.1:3306/classicmodels"
    assert variables["WAREHOUSE_DB_URL"].startswith(
        "postgresql://retail_reader@127.0.0.1:5432/retail?sslmode=verify-full"
    )
    assert "VECTOR_DB_URL" not in variables


def test_password_files_are_private_and_quote_what_their_readers_need_quoted(settings: Settings) -> None:
    variables = connection_variables(settings, Account(warehouse=True))
    mysql, postgres = Path(variables["MYSQL_CNF"]), Path(variables["PGPASSFILE"])
    assert [path.stat().st_mode & 0o777 for path in (mysql, postgres)] == [0o600, 0o600]
    assert 'password="p:a\\"s\\\\s"' in mysql.read_text()
    assert postgres.read_text() == '127.0.0.1:5432:retail:retail_reader:p\\:a"s\\\\s\n'


def test_a_database_without_a_password_yet_is_left_out(settings: Settings) -> None:
    account = Account()
    del account.parameters["/retail/source/reader_secret_arn"]
    assert connection_variables(settings, account) == {}


def test_the_files_follow_a_rotation(settings: Settings) -> None:
    account = Account()
    path = Path(connection_variables(settings, account)["MYSQL_CNF"])
    account.password = "rotated"

    async def rotate() -> None:
        files = ClientFiles(settings, account, delay_seconds=0.01)
        files.refresh_soon()
        deadline = time.monotonic() + 5
        while "rotated" not in path.read_text() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    asyncio.run(rotate())
    assert 'password="rotated"' in path.read_text()
