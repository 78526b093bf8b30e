"""The way into private databases, against moto; programs of the test's own stand in for Session Manager's."""

from __future__ import annotations

import json
import stat
import sys

import boto3
import psycopg
import pytest
import typer
from moto import mock_aws
from psycopg.conninfo import conninfo_to_dict
from retail_cli import tunnel
from support import free_port

LISTENS = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import json, socket, sys
ports = json.loads(sys.argv[sys.argv.index("--parameters") + 1])
with socket.create_server(("127.0.0.1", int(ports["localPortNumber"][0]))) as server:
    server.settimeout(2)
    server.accept()
"""
PASSWORD = 'a"b\\c:d'


@pytest.fixture(autouse=True)
def aws(monkeypatch, tmp_path):
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "TF_VAR_project"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x",
                        "AWS_SECRET_ACCESS_KEY": "x", "XDG_CACHE_HOME": str(tmp_path / "cache"),
                        "PATH": str(tmp_path / "bin")}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tunnel, "rds_bundle", lambda: b"Amazon's certificates")
    with mock_aws():
        yield


def deploy(title, user, port):
    secret = boto3.client("secretsmanager").create_secret(
        Name=f"retail/{title}/{user}", SecretString=json.dumps({"username": user, "password": PASSWORD})
    )
    facts = {
        "endpoint": f"{title}.rds.internal",
        "port": str(port),
        "database": title,
        "reader_secret_arn": secret["ARN"],
    }
    for name, value in facts.items():
        boto3.client("ssm").put_parameter(Name=f"/retail/{title}/{name}", Value=value, Type="String")


def session_manager(folder, monkeypatch):
    folder.mkdir()
    for name in ("aws", "session-manager-plugin"):
        program = folder / name
        program.write_text(LISTENS.format(python=sys.executable))
        program.chmod(0o755)
    monkeypatch.setattr(tunnel, "_instance", lambda: "i-1")


def printed(capfd, **ports):
    with pytest.raises(typer.Exit):
        tunnel.tunnel(**ports)
    lines = capfd.readouterr().out.splitlines()
    return {name: value.strip("'") for name, value in (line.removeprefix("export ").split("=", 1) for line in lines)}


def test_without_the_session_plugin_it_says_what_is_missing(capfd):
    with pytest.raises(typer.Exit):
        tunnel.tunnel()
    assert "aws and session-manager-plugin must be on PATH" in capfd.readouterr().err


def test_before_the_warehouse_is_deployed_the_source_alone_is_reached(tmp_path, monkeypatch, capfd):
    deploy("source", "retail_reader", 3306)
    session_manager(tmp_path / "bin", monkeypatch)
    port = free_port()
    variables = printed(capfd, local_port=port)
    assert set(variables) == {"MYSQL_URL", "MYSQL_CNF"}
    assert variables["MYSQL_URL"] == f"mysql://retail_reader@127.0.0.1:{port}/source"


def test_both_databases_get_a_port_and_a_password_file_that_only_its_user_reads(tmp_path, monkeypatch, capfd):
    deploy("source", "retail_reader", 3306)
    deploy("warehouse", "warehouse_reader", 5432)
    session_manager(tmp_path / "bin", monkeypatch)
    port = free_port()
    variables = printed(capfd, local_port=port, warehouse_port=port + 1)
    told = conninfo_to_dict(variables["WAREHOUSE_DB_URL"])
    assert told == {
        "user": "warehouse_reader", "host": "warehouse.rds.internal", "hostaddr": "127.0.0.1", "port": str(port + 1),
        "dbname": "warehouse", "sslmode": "verify-full", "sslrootcert": told["sslrootcert"],
    }  # fmt: skip
    passwords = tmp_path / "cache" / "retail-analytics-platform" / "tunnel"
    for name in ("MYSQL_CNF", "PGPASSFILE"):
        assert variables[name].startswith(str(passwords))
        assert stat.S_IMODE((passwords / variables[name].rpartition("/")[2]).stat().st_mode) == 0o600
    assert r'password="a\"b\\c:d"' in (passwords / "retail.cnf").read_text().splitlines()


def test_libpq_finds_the_password_by_the_databases_own_host(tmp_path, monkeypatch, capfd):
    deploy("source", "retail_reader", 3306)
    deploy("warehouse", "warehouse_reader", 5432)
    session_manager(tmp_path / "bin", monkeypatch)
    variables = printed(capfd, local_port=free_port(), warehouse_port=free_port())
    attempt = psycopg.pq.PGconn.connect_start(
        f"{variables['WAREHOUSE_DB_URL']}&passfile={variables['PGPASSFILE']}".encode()
    )
    assert attempt.password == PASSWORD.encode()
