"""A small pool of connections as the source database's writer: bounded in time, logged in anew after a rotation."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from source_database.connection import Address, Login, MySql, Source, explained, tls_context
from source_database.errors import LoginRefusedError, SourceError
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from storefront.errors import DatabaseUnavailableError
from storefront.metrics import Metrics
from storefront.settings import Patience

logger = logging.getLogger(__name__)
DEADLOCK, LOCK_TIMEOUT, DUPLICATE, NO_PARENT, NO_SUCH_TABLE = 1213, 1205, 1062, 1452, 1146
_REMEDY = "Try again in a moment; what is in your cart stays there."


class Database:
    """Connections are made when they are needed, so that the shop starts before its database does."""

    def __init__(self, source: Source, metrics: Metrics, size: int = 10, patience: Patience | None = None) -> None:
        self._source, self._metrics, self._patience = source, metrics, patience or Patience()
        self._login: Login | None = None
        self._asked_again_at = 0.0
        self._engine = create_engine(
            "mysql+pymysql://",
            creator=self._open,
            pool_size=size,
            max_overflow=0,
            pool_timeout=self._patience.free_connection,
            pool_pre_ping=True,
            pool_recycle=600,
            # A locked counter is read behind a lock that is held: that read must see the latest commit.
            isolation_level="READ COMMITTED",
            hide_parameters=True,
        )
        event.listen(self._engine, "checkout", lambda *_: metrics.connections.inc())
        event.listen(self._engine, "checkin", lambda *_: metrics.connections.dec())

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the block's end, rolled back by an exception.

        Raises DatabaseUnavailableError within the patience, at once while the last failure is fresh.
        """
        if time.monotonic() < self._asked_again_at:
            raise DatabaseUnavailableError("The database failed a moment ago.", _REMEDY)
        try:
            with self._engine.begin() as connection:
                yield connection
        except PoolExhausted as problem:
            raise DatabaseUnavailableError("All connections to the database are in use.", _REMEDY) from problem
        except SourceError as problem:
            raise self._failed(problem.message) from problem
        except (OperationalError, InterfaceError) as problem:
            if error_code(problem) in (DEADLOCK, LOCK_TIMEOUT):
                raise
            raise self._failed(f"The database does not answer ({problem.orig}).") from problem
        self._metrics.answered.labels("database").set_to_current_time()

    def close(self) -> None:
        self._engine.dispose()

    def _failed(self, message: str) -> DatabaseUnavailableError:
        logger.warning("The database failed: %s", message)
        self._metrics.failed.labels("database").set_to_current_time()
        self._asked_again_at = time.monotonic() + self._patience.pause
        return DatabaseUnavailableError(message, _REMEDY)

    def _open(self) -> MySql:
        """With the login at hand; a refused one is read again, once."""
        if self._login is not None:
            try:
                return self._dial(self._source.address, self._login)
            except LoginRefusedError:
                pass
        self._login = self._source.read_login()
        return self._dial(self._source.address, self._login)

    def _dial(self, address: Address, login: Login) -> MySql:
        try:
            return pymysql.connect(
                host=address.host,
                port=address.port,
                user=login.user,
                password=login.password,
                database=address.database,
                charset="utf8mb4",
                connect_timeout=max(1, round(self._patience.connect)),
                read_timeout=self._patience.statement,
                write_timeout=self._patience.statement,
                init_command="SET time_zone = '+00:00', innodb_lock_wait_timeout = 4",
                ssl=tls_context(address),
            )
        except (pymysql.err.MySQLError, OSError) as problem:
            raise explained(problem, address, login.user) from problem


def error_code(problem: DBAPIError) -> int:
    """The server's or driver's number of an error, 0 when there is none."""
    arguments = problem.orig.args if problem.orig is not None else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0
