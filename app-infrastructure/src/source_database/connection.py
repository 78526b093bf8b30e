"""A TLS connection to the source database, with every failure translated to an error that says what to do."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CR, ER
from pymysql.cursors import Cursor

from source_database.errors import (
    DatabaseMissingError,
    LoadUnderWayError,
    LoginRefusedError,
    RightsMissingError,
    SourceError,
    TlsError,
    UnreachableError,
)

MySql: TypeAlias = "Connection[Cursor]"  # generic in its stubs only
SECURE_TRANSPORT_REQUIRED = 3159


@dataclass(frozen=True)
class Login:
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, password=***)"


@dataclass(frozen=True)
class Address:
    """Where the server is and how it is trusted.

    `tls_name` is the name in its certificate when that differs from `host` (a tunnel); `ca` a PEM bundle, None for the
    system's; `encrypted` is False only when a URL says ssl-mode=disabled.
    """

    host: str
    port: int = 3306
    database: str = "classicmodels"
    ca: Path | None = None
    tls_name: str | None = None
    encrypted: bool = True

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Source:
    """An address and a way to learn its login; `read_login` is asked again when a password has been rotated."""

    address: Address
    read_login: Callable[[], Login]

    def connect(self, database: str | None = None, **options: Any) -> MySql:
        """Connect, to no database unless named. A refused login is tried once more with a freshly read secret."""
        first = self.read_login()
        try:
            return connect(self.address, first, database, **options)
        except LoginRefusedError:
            again = self.read_login()
            if again == first:
                raise
            return connect(self.address, again, database, **options)

    def at(self, **changes: Any) -> Source:
        return replace(self, address=replace(self.address, **changes))


def connect(address: Address, login: Login, database: str | None = None, **options: Any) -> MySql:
    """Connect with verified TLS, UTC and utf8mb4; `options` go to PyMySQL. Raises a SourceError."""
    try:
        return pymysql.connect(
            host=address.host,
            port=address.port,
            user=login.user,
            password=login.password,
            database=database,
            charset="utf8mb4",
            connect_timeout=10,
            autocommit=True,
            init_command="SET time_zone = '+00:00'",
            ssl=tls_context(address) if address.encrypted else None,
            ssl_disabled=not address.encrypted,
            **options,
        )
    except (pymysql.err.MySQLError, OSError) as problem:
        raise explained(problem, address, login.user) from problem


def tls_context(address: Address) -> ssl.SSLContext:
    """A context that trusts the address's CA and checks the name that its certificate carries."""
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.certificate_name = address.tls_name
    if address.ca is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=address.ca)
    except (OSError, ssl.SSLError) as problem:
        raise TlsError(
            f"The CA bundle {address.ca} of the source database cannot be read ({problem}).",
            "Run `make package`, or point SOURCE_CA_BUNDLE at the PEM file that signs the server's certificate.",
        ) from problem
    return context


class _NamedContext(ssl.SSLContext):
    """PyMySQL checks the certificate against the host it dials; through a tunnel that is not the server's name."""

    certificate_name: str | None = None

    def wrap_socket(self, sock: Any, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        if self.certificate_name:
            kwargs["server_hostname"] = self.certificate_name
        return super().wrap_socket(sock, *args, **kwargs)


@dataclass(frozen=True)
class _Meaning:
    """What an error code of the server means: `message` and `remedy` may name {address}, {user} and {said}."""

    error: type[SourceError]
    message: str
    remedy: str


_LOGIN = _Meaning(
    LoginRefusedError,
    "The source database at {address} refused user {user!r}.",
    "The password is wrong, or the user lives on another server: see the admin secret in Secrets Manager, the option "
    "file MYSQL_CNF, or the URL given.",
)
_TLS = _Meaning(
    TlsError,
    "No trusted TLS connection to the source database at {address} ({said}).",
    "Point SOURCE_CA_BUNDLE (or ssl-ca in MYSQL_CNF or in the URL) at the CA that signed the server's certificate; "
    "for a server without TLS that you trust, add ?ssl-mode=disabled to its URL.",
)
_DATABASE = _Meaning(
    DatabaseMissingError,
    "The server at {address} has no such database ({said}).",
    "Load one with `retail load-source --orders 10000`, or correct the name in the URL.",
)
_RIGHTS = _Meaning(
    RightsMissingError,
    "User {user!r} may not do this at {address}: {said}.",
    "Loading takes the database's admin user (it makes and drops databases); reading takes SELECT.",
)
_IN_USE = _Meaning(
    LoadUnderWayError,
    "A table of the source database at {address} stayed in use ({said}).",
    "A reader holds a transaction open, e.g. a running extract: let it end, then load again.",
)
_SILENCE = _Meaning(
    UnreachableError,
    "The source database at {address} does not answer ({said}).",
    "On the laptop: `make up`, then `make status`. On AWS: `make tunnel`, and see that the instance is available.",
)
_UNKNOWN = _Meaning(
    SourceError, "The source database at {address} answered: {said} (error {code}).", "See the server's log."
)
_MEANINGS = {
    ER.ACCESS_DENIED_ERROR: _LOGIN,
    1698: _LOGIN,  # MariaDB: access denied without a password
    SECURE_TRANSPORT_REQUIRED: _TLS,
    ER.BAD_DB_ERROR: _DATABASE,
    ER.DBACCESS_DENIED_ERROR: _RIGHTS,
    ER.TABLEACCESS_DENIED_ERROR: _RIGHTS,
    ER.SPECIFIC_ACCESS_DENIED_ERROR: _RIGHTS,
    ER.LOCK_WAIT_TIMEOUT: _IN_USE,
    CR.CR_CONN_HOST_ERROR: _SILENCE,
    CR.CR_SERVER_LOST: _SILENCE,
    CR.CR_SERVER_GONE_ERROR: _SILENCE,
    0: _SILENCE,
}


def explained(problem: Exception, address: Address, user: str = "") -> SourceError:
    """The SourceError that says what a driver's error means and what to do about it."""
    code = problem.args[0] if problem.args and isinstance(problem.args[0], int) else 0
    said = str(problem.args[1]) if len(problem.args) > 1 else str(problem)
    meaning = _MEANINGS.get(code, _SILENCE if isinstance(problem, OSError) else _UNKNOWN)
    if isinstance(problem, ssl.SSLError) or "CERTIFICATE" in said or "SSL is required" in said:
        meaning = _TLS
    told = {"address": address, "user": user, "said": said, "code": code}
    return meaning.error(meaning.message.format(**told), meaning.remedy)
