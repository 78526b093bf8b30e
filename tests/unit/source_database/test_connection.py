"""What a driver's errors mean, and that a refused login is tried again with a fresh secret."""

from __future__ import annotations

import ssl

import pymysql
import pytest
from source_database import connection
from source_database.connection import Address, Login, Source, explained, tls_context
from source_database.errors import (
    DatabaseMissingError,
    LoadUnderWayError,
    LoginRefusedError,
    RightsMissingError,
    SourceError,
    TlsError,
    UnreachableError,
)

HERE = Address("db.example")


@pytest.mark.parametrize(
    ("problem", "meaning"),
    [
        (pymysql.err.OperationalError(1045, "Access denied"), LoginRefusedError),
        (pymysql.err.OperationalError(1049, "Unknown database"), DatabaseMissingError),
        (pymysql.err.OperationalError(1044, "Access denied to database"), RightsMissingError),
        (pymysql.err.OperationalError(1142, "SELECT command denied"), RightsMissingError),
        (pymysql.err.OperationalError(1205, "Lock wait timeout"), LoadUnderWayError),
        (pymysql.err.OperationalError(2003, "Can't connect"), UnreachableError),
        (pymysql.err.OperationalError(2013, "Lost connection"), UnreachableError),
        (pymysql.err.OperationalError(2003, "[SSL: CERTIFICATE_VERIFY_FAILED]"), TlsError),
        (pymysql.err.OperationalError(3159, "insecure transport"), TlsError),
        (ssl.SSLError(1, "wrong version number"), TlsError),
        (ConnectionResetError(104, "reset by peer"), UnreachableError),
        (TimeoutError("timed out"), UnreachableError),
        (pymysql.err.ProgrammingError(1064, "You have an error"), SourceError),
    ],
)
def test_every_error_is_explained(problem, meaning):
    error = explained(problem, HERE, "ana")
    assert type(error) is meaning
    assert "db.example:3306" in error.message
    assert error.remedy


def test_a_refused_login_is_tried_once_more_with_the_secret_as_it_is_then(monkeypatch):
    logins = iter([Login("ana", "old"), Login("ana", "new")])
    seen = []

    def connect(_address, login, _database, **_options):
        seen.append(login.password)
        if login.password == "old":
            raise LoginRefusedError("refused.", "…")
        return "connected"

    monkeypatch.setattr(connection, "connect", connect)
    assert Source(HERE, lambda: next(logins)).connect() == "connected"
    assert seen == ["old", "new"]


def test_a_login_that_stays_refused_is_not_tried_for_ever(monkeypatch):
    seen = []

    def connect(_address, login, _database, **_options):
        seen.append(login.password)
        raise LoginRefusedError("refused.", "…")

    monkeypatch.setattr(connection, "connect", connect)
    with pytest.raises(LoginRefusedError):
        Source(HERE, lambda: Login("ana", "wrong")).connect()
    assert seen == ["wrong"]


def test_certificates_are_verified_and_their_name_is_checked():
    context = tls_context(HERE)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_an_absent_ca_bundle_is_named(tmp_path):
    with pytest.raises(TlsError, match=r"absent\.pem.*make package"):
        tls_context(Address("h", ca=tmp_path / "absent.pem"))
