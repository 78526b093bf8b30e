"""The warehouse's users: what each may do, and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

# user → the group whose rights it has (roles.sql makes the groups)
MEMBERSHIPS = {"warehouse_loader": "warehouse_owner", "warehouse_reader": "warehouse_readers"}


def set_user(connection: Connection[Any], user: str, password: str) -> None:
    """Make or change the user so that it has this password and the rights of its group; needs the master user."""
    from psycopg import sql  # noqa: PLC0415 - MEMBERSHIPS alone must not cost the driver

    login, group = sql.Identifier(user), sql.Identifier(MEMBERSHIPS[user])
    with connection.transaction():
        # Rotations of both users run at once: PostgreSQL refuses concurrent changes of one role's memberships.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('warehouse schema'))")
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,)).fetchone()
        verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
        scram = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, login, sql.Literal(scram)))
        connection.execute(sql.SQL("GRANT {} TO {}").format(group, login))
