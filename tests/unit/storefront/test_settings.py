"""The environment is checked before anything is served."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from shop_world import WRITER, SourceServer
from source_database.connection import Address, Login
from source_database.handlers.rotate_user import set_user
from storefront import main
from storefront.errors import SecretUnavailableError, SettingsError
from storefront.services.database import Database
from storefront.settings import Settings
from storefront.shop import make_shop

NEEDED = {
    "DB_HOST": "db.example",
    "DB_NAME": "classicmodels",
    "DB_SECRET_ARN": "arn:writer",
    "CA_BUNDLE": "/etc/ca.pem",
    "SESSION_SECRET_ARN": "arn:session",
}


def test_what_is_not_said_has_a_default() -> None:
    address = Address("db.example", 3306, "classicmodels", Path("/etc/ca.pem"))
    assert Settings.from_environment(NEEDED) == Settings(address, "arn:writer", "arn:session")


def test_what_the_web_tier_adds() -> None:
    environment = NEEDED | {
        "BEHIND_LOAD_BALANCER": "true", "AUTOSCALING_GROUP": "retail-web", "LOAD_BALANCER": "app/retail-web/1",
        "TARGET_GROUP": "targetgroup/retail-web/2", "RATE_LIMIT_PER_MINUTE": "0",
    }  # fmt: skip
    found = Settings.from_environment(environment)
    assert found.behind_load_balancer
    assert (found.autoscaling_group, found.load_balancer) == ("retail-web", "app/retail-web/1")
    assert (found.target_group, found.rate_limit_per_minute) == ("targetgroup/retail-web/2", 0)


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        Settings.from_environment(NEEDED | {missing: ""})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DB_PORT", "mysql"),
        ("DB_POOL_SIZE", "0"),
        ("RATE_LIMIT_PER_MINUTE", "-1"),
        ("BEHIND_LOAD_BALANCER", "yes"),
    ],
)
def test_what_makes_no_sense_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(NEEDED | {name: text})


def test_without_a_key_to_sign_cookies_nothing_is_served(settings: Settings) -> None:
    with pytest.raises(SecretUnavailableError, match="nowhere"):
        make_shop(replace(settings, session_secret_arn="nowhere"))


def test_a_password_that_was_rotated_is_read_again(settings: Settings, source: SourceServer) -> None:
    database: Database = make_shop(settings).database
    with database.transaction():
        pass
    rotated = Login(WRITER.user, "another one")
    try:
        with source.admin() as connection:
            set_user(connection, rotated, "classicmodels")
        value = json.dumps({"username": rotated.user, "password": rotated.password})
        boto3.client("secretsmanager").put_secret_value(SecretId=settings.db_secret_arn, SecretString=value)
        database.close()
        with database.transaction():
            pass
    finally:
        with source.admin() as connection:
            set_user(connection, WRITER, "classicmodels")


def test_an_import_reads_no_environment_and_a_server_gets_an_app_or_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DB_HOST", raising=False)
    with pytest.raises(SettingsError, match="DB_HOST"):
        _ = main.app
    with pytest.raises(AttributeError):
        _ = main.nothing
