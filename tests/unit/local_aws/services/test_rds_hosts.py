"""EXTERNAL_MYSQL_URL: what it says and what it may not do."""

from __future__ import annotations

import pytest
from local_aws.engines.database import DatabaseError
from local_aws.services.rds_hosts import ExternalHost, ExternalMySql


def test_an_external_url_may_hold_awkward_passwords_and_an_authority() -> None:
    found = ExternalMySql.parse("mysql://shop:p%40ss%3Aw%2Frd@db.example:3307/orders?ssl-ca=/etc/ca.pem")
    assert found == ExternalMySql("db.example", 3307, "shop", "p@ss:w/rd", "orders", "/etc/ca.pem")


def test_port_and_database_are_optional() -> None:
    assert ExternalMySql.parse("mysql://shop:x@db") == ExternalMySql("db", 3306, "shop", "x", None, None)


@pytest.mark.parametrize("url", ["postgresql://a:b@c/d", "mysql://host/db", "shop"])
def test_another_url_is_refused_with_its_form(url: str) -> None:
    with pytest.raises(DatabaseError, match="mysql://user:password@host"):
        ExternalMySql.parse(url)


def test_an_external_password_is_not_ours_to_change() -> None:
    host = ExternalHost(ExternalMySql.parse("mysql://shop:x@db"))
    with pytest.raises(DatabaseError, match="change its password there"):
        host.set_password({"DBInstanceIdentifier": "shop"}, "new")


def test_an_unreachable_external_database_is_named_without_its_password() -> None:
    host = ExternalHost(ExternalMySql.parse("mysql://shop:topsecret@127.0.0.1:1/orders"))
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1 does not answer") as refusal:
        host.start({}, {})
    assert "topsecret" not in str(refusal.value)
