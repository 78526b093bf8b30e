"""MariaDB's option file and search."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_aws import toolchain
from local_aws.certificates import ServerCertificate
from local_aws.engines import mariadb
from local_aws.engines.database import Database, DatabaseError, Master
from local_aws.settings import Settings


def database(folder: Path, **parameters: str) -> Database:
    tls = ServerCertificate(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    return Database("rds-shop", folder, 3306, tls, parameters)


@pytest.fixture
def server(tmp_path: Path) -> mariadb.MariaDb:
    home = tmp_path / "maria db"
    (home / "bin").mkdir(parents=True)
    (home / "share").mkdir()
    (home / "bin" / "mariadbd").touch()
    (home / "share" / "mariadb_system_tables.sql").touch()
    return mariadb.MariaDb(home / "bin" / "mariadbd")


def option(text: str, name: str) -> str | None:
    values = [line.split("=", 1)[1].strip('"') for line in text.splitlines() if line.startswith(f"{name}=")]
    return values[0] if values else None


def test_a_users_parameters_win_over_ours_and_are_loose(server: mariadb.MariaDb, tmp_path: Path) -> None:
    text = server.config(database(tmp_path, long_query_time="1", sql_mode="ANSI", only_in_mysql="1"))
    found = [option(text, f"loose-{name}") for name in ("long_query_time", "sql_mode", "only_in_mysql")]
    assert found == ["1", "ANSI", "1"]


def test_a_user_can_neither_move_the_engine_nor_break_out_of_a_line(server: mariadb.MariaDb, tmp_path: Path) -> None:
    text = server.config(
        database(tmp_path, port="1", datadir="/", init_connect='x"\nuser=root', max_connections="{F*2}")
    )
    assert option(text, "port") == "3306"
    assert option(text, "bind_address") == "127.0.0.1"
    assert option(text, "loose-max_connections") == "200"
    assert "user=root" not in text


def test_another_character_set_drops_our_collation(server: mariadb.MariaDb, tmp_path: Path) -> None:
    text = server.config(database(tmp_path, character_set_server="latin1"))
    assert option(text, "loose-character_set_server") == "latin1"
    assert option(text, "loose-collation_server") is None


def test_the_socket_path_does_not_depend_on_the_folder(server: mariadb.MariaDb, tmp_path: Path) -> None:
    assert option(server.config(database(tmp_path / ("x" * 120))), "socket") == "mysqld.sock"


def test_statements_carry_a_hash_instead_of_a_password() -> None:
    assert mariadb.native_hash("secret") == "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"


def test_mariadb_home_comes_first(monkeypatch: pytest.MonkeyPatch, server: mariadb.MariaDb, tmp_path: Path) -> None:
    monkeypatch.setenv("MARIADB_HOME", str(server.home))
    assert mariadb.find(Settings(checkout=tmp_path)).server == server.server


@pytest.fixture
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that no package serves."""
    monkeypatch.setattr(toolchain.platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(toolchain.platform, "system", lambda: "Linux")


@pytest.mark.usefixtures("unpublished")
def test_without_a_package_a_server_on_the_path_serves(
    monkeypatch: pytest.MonkeyPatch, server: mariadb.MariaDb, tmp_path: Path
) -> None:
    server.server.chmod(0o755)
    monkeypatch.setenv("PATH", str(server.server.parent))
    assert mariadb.find(Settings(checkout=tmp_path)).server == server.server


@pytest.mark.usefixtures("unpublished")
def test_without_any_server_the_remedies_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(toolchain.shutil, "which", lambda *_, **__: None)
    with pytest.raises(DatabaseError, match=r"EXTERNAL_MYSQL_URL.*mariadbd is on PATH.*MARIADB_HOME"):
        mariadb.find(Settings(tmp_path, 4566, tmp_path / "cache", tmp_path / "state"))


def test_with_a_database_of_the_users_no_server_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "mariadb" in toolchain.needed()
    monkeypatch.setenv("EXTERNAL_MYSQL_URL", "mysql://shop:x@db/shop")
    assert "mariadb" not in toolchain.needed()


def test_a_mysql_server_is_refused_with_the_way_to_use_it(server: mariadb.MariaDb, tmp_path: Path) -> None:
    server.server.write_text("#!/bin/sh\necho 'mysqld  Ver 8.4.7 (MySQL Community Server)'\n")
    server.server.chmod(0o755)
    with pytest.raises(DatabaseError, match=r"is not MariaDB.*EXTERNAL_MYSQL_URL"):
        server.initialise(database(tmp_path), Master("shop_admin", "secret"))
