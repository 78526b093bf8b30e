"""PostgreSQL's configuration, access rules and password verifiers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest
from local_aws.certificates import ServerCertificate
from local_aws.engines import pg_extensions, postgres
from local_aws.engines.database import Database


def database(version: str = "18.4", **parameters: str) -> Database:
    folder = Path("/nowhere")
    tls = ServerCertificate(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    return Database(
        "rds-vectors", folder, 5432, tls, {name.replace("__", "."): v for name, v in parameters.items()}, version
    )


@pytest.mark.parametrize(
    ("version", "parameters", "forced"),
    [
        ("18.4", {}, True),
        ("14.20", {}, False),
        ("18.4", {"rds__force_ssl": "0"}, False),
        ("14.20", {"rds__force_ssl": "1"}, True),
    ],
)
def test_tls_is_forced_as_the_parameter_group_says(version: str, parameters: dict[str, str], forced: bool) -> None:
    assert postgres.forces_ssl(database(version, **parameters)) is forced
    assert postgres.access_rules(forced).startswith("hostssl" if forced else "host ")


def test_only_parameters_that_the_server_knows_reach_it(tmp_path: Path) -> None:
    server = postgres.Postgres(tmp_path, tmp_path)
    server.__dict__["known_parameters"] = frozenset({"work_mem", "shared_preload_libraries", "port"})
    (tmp_path / "lib/postgresql").mkdir(parents=True)
    (tmp_path / "lib/postgresql/pg_stat_statements.so").touch()
    wanted = {
        "work_mem": "8MB",
        "shared_preload_libraries": "pg_stat_statements, pg_cron",
        "port": "1",
        "only_on_rds": "1",
        "rds.force_ssl": "1",
        "pg_stat_statements.track": "ALL",
        "shared_buffers": "{DBInstanceClassMemory/4}",
    }
    assert server.accepted(wanted) == {
        "work_mem": "8MB",
        "shared_preload_libraries": "pg_stat_statements",
        "pg_stat_statements.track": "ALL",
    }


def test_a_verifier_proves_the_password_and_does_not_contain_it() -> None:
    method, rounds, salt, keys = postgres.scram("topsecret").replace(":", "$", 1).split("$")
    salted = hashlib.pbkdf2_hmac("sha256", b"topsecret", base64.b64decode(salt), int(rounds))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    assert (method, keys.split(":")[0]) == ("SCRAM-SHA-256", base64.b64encode(stored).decode())


def test_a_control_file_is_copied_as_trusted_once(tmp_path: Path) -> None:
    server = tmp_path / "server" / "share/postgresql/extension"
    server.mkdir(parents=True)
    for name in pg_extensions.RDS_ALLOWS:
        (server / f"{name}.control").write_text("comment = 'x'\ntrusted = false\n")
    paths = pg_extensions.prepare(tmp_path / "server", tmp_path / "ours")
    control = (paths.controls / "extension" / "vector.control").read_text()
    assert control.count("trusted") == 1
    assert (paths.controls / "extension" / "dblink.control").read_text() == "comment = 'x'\ntrusted = true\n"
    assert any((paths.controls / "extension").glob("vector--*.sql"))
    assert (paths.libraries / "vector.so").exists() or (paths.libraries / "vector.dylib").exists()
