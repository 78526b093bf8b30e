"""What a person's database clients get: whom to trust, and which databases are in trouble."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_aws import database_clients
from local_aws.settings import Settings
from local_aws.store import Table


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "checkout", 4566, tmp_path / "cache", tmp_path / "a state home")


def test_the_source_is_trusted_by_the_local_authority(settings: Settings) -> None:
    assert database_clients.source_ca(settings) == settings.state / "ca" / "ca.pem"


def test_an_external_sources_authority_is_trusted_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "theirs.pem").write_text("THEIRS")
    monkeypatch.setenv("EXTERNAL_MYSQL_URL", f"mysql://shop:x@db/orders?ssl-ca={tmp_path}/theirs.pem")
    bundle = database_clients.source_ca(settings).read_text()
    assert bundle == database_clients.authority(settings).read_text() + "THEIRS"


def test_a_postgres_url_makes_libpq_check_the_server(settings: Settings) -> None:
    trust = database_clients.postgres_trust(settings)
    assert trust.startswith("sslmode=verify-full&sslrootcert=")
    assert "a%20state%20home" in trust


def test_databases_in_trouble_are_named_with_the_reason(settings: Settings) -> None:
    settings.state.mkdir(parents=True)
    records = Table(settings.state / "services.sqlite", "rds.instances")
    failed = {"DBInstanceStatus": "failed", "StatusInfos": [{"Message": "port 4600 is taken"}]}
    records["shop"] = {"DBInstanceIdentifier": "shop", "Endpoint": {}} | failed
    records["never-made"] = {"DBInstanceIdentifier": "never-made"} | failed
    records["fine"] = {
        "DBInstanceIdentifier": "fine",
        "Endpoint": {},
        "DBInstanceStatus": "available",
        "StatusInfos": [],
    }
    assert database_clients.databases_in(settings, "failed") == {"shop": "port 4600 is taken"}
