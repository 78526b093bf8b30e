"""One connection for a warm process: bounded in time, renewed when it broke, logged in anew after a rotation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import RV, PQGen

from streaming_recs.adapters.secret import Login, ReadLogin
from streaming_recs.errors import SchemaMissingError, StoreUnavailableError
from streaming_recs.settings import Database, Patience

Result = TypeVar("Result")
_REMEDY = "Check that the database runs and that the function's security group reaches it."


class BoundedConnection(psycopg.Connection[Any]):
    """A connection whose every exchange ends in time, also when the server does not answer at all.

    PostgreSQL's statement_timeout needs a server that is alive; this one needs the local clock alone.
    """

    seconds: float = 1.0

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """As psycopg's, with our bound."""
        return super().wait(gen, interval, self.seconds if timeout is None else timeout)


class WarmConnection:
    """The process's one connection to the vector database.

    Functions run one request at a time, so connections in use never exceed the functions' reserved concurrency.
    """

    def __init__(self, database: Database, login: ReadLogin, patience: Patience) -> None:
        self._database, self._login, self._patience = database, login, patience
        self._held: BoundedConnection | None = None
        self._current: Login | None = None
        self._asked_again_at = 0.0
        self.renewals = 0  # connections made so far: what was set in a session has to be set again

    def run(self, work: Callable[[psycopg.Connection[Any]], Result]) -> Result:
        """Do the work in one connection, on a new one when the held one was found broken.

        The work may be done twice and must bear it. Raises StoreUnavailableError within the patience, at once while
        the last failure is fresh.
        """
        if time.monotonic() < self._asked_again_at:
            raise StoreUnavailableError("The vector database failed a moment ago.", _REMEDY)
        try:
            return self._attempt(work)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
            raise SchemaMissingError(
                f"The vector database lacks a table: {error.diag.message_primary}.",
                "Rotate a user's secret, or run sql/pgvector/schema.sql.",
            ) from error
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
            self.close()
            self._asked_again_at = time.monotonic() + self._patience.pause
            raise StoreUnavailableError(
                f"The vector database does not answer: {_first_line(error)}.", _REMEDY
            ) from error

    def close(self) -> None:
        """Let the connection go, whatever its state."""
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _attempt(self, work: Callable[[psycopg.Connection[Any]], Result]) -> Result:
        if self._held is None or self._held.closed:
            return work(self._connect())
        try:
            return work(self._held)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if isinstance(error, psycopg.errors.QueryCanceled) or not self._held.broken:
                raise
            self.close()  # the server restarted or cut us off while we were idle
            return work(self._connect())

    def _connect(self) -> psycopg.Connection[Any]:
        """With the password at hand, else the current one, else the one that a rotation is just making current."""
        failure: psycopg.OperationalError | None = None
        tried: list[Login] = []
        for found in self._logins():
            if found is None or found in tried:
                continue
            tried.append(found)
            try:
                self._held = self._open(found)
            except psycopg.OperationalError as error:
                if "authentication failed" not in str(error):
                    raise
                failure = error
            else:
                self._current = found
                self.renewals += 1
                return self._held
        if failure is None:
            raise StoreUnavailableError(
                f"Secret {self._database.secret_arn} has no value yet.", "Wait for its first rotation, or rotate it."
            )
        raise failure

    def _logins(self) -> Iterator[Login | None]:
        """Read only as far as is needed: most connections are made with the first."""
        yield self._current
        yield self._login("AWSCURRENT")
        yield self._login("AWSPENDING")

    def _open(self, login: Login) -> BoundedConnection:
        milliseconds = int(self._patience.statement * 1000)
        connection = BoundedConnection.connect(
            host=self._database.host,
            port=self._database.port,
            dbname=self._database.name,
            user=login.user,
            password=login.password,
            sslmode="verify-full",
            sslrootcert=self._database.ca,
            connect_timeout=max(2, round(self._patience.connect)),  # less than 2 s is refused by libpq
            options=f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
            application_name="streaming_recs",
            autocommit=True,
        )
        connection.seconds = self._patience.statement + 0.3  # the server's own time-out comes first, while it lives
        return connection


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
