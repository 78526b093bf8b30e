"""Makes the storefront's own tables: `python -m storefront.schema`, as the database's admin. May be run again."""

from __future__ import annotations

import os
from importlib.resources import files

from source_database.addresses import find_source
from source_database.connection import MySql


def set_up(connection: MySql) -> None:
    """Run schema.sql in the connection's database."""
    for statement in statements(files("storefront").joinpath("schema.sql").read_text(encoding="utf-8")):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def statements(script: str) -> list[str]:
    """The statements of a script whose comments stand on lines of their own and whose texts hold no semicolon."""
    lines = (line for line in script.splitlines() if not line.lstrip().startswith("--"))
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


def main() -> None:
    """Find the source as `retail load-source` does, and set up its database."""
    source = find_source(project=os.environ.get("PROJECT") or "retail")
    with source.connect(source.address.database) as connection:
        set_up(connection)
    print(f"The storefront's tables are in {source.address.database} at {source.address}.")


if __name__ == "__main__":
    main()
