"""Who may sign in: customers of the source database, chosen from a list because this shop is a demonstration."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from storefront.services.database import Database

_COLUMNS = "customerNumber, customerName, city, country, creditLimit"
_FOUND = text(f"""
SELECT {_COLUMNS}
FROM customers
WHERE customerName LIKE :pattern ESCAPE '|'
ORDER BY customerName, customerNumber
LIMIT :most
""")  # noqa: S608 - our own column names
_ONE = text(f"SELECT {_COLUMNS} FROM customers WHERE customerNumber = :number")  # noqa: S608


@dataclass(frozen=True)
class Customer:
    number: int
    name: str
    city: str
    country: str
    credit_limit: float | None


def find_customers(database: Database, name: str = "", most: int = 24) -> list[Customer]:
    """Customers whose name holds `name`, in the order of their names."""
    escaped = name.replace("|", "||").replace("%", "|%").replace("_", "|_")
    with database.transaction() as connection:
        rows = connection.execute(_FOUND, {"pattern": f"%{escaped}%", "most": most}).all()
    return [_customer(*row) for row in rows]


def customer(database: Database, number: int) -> Customer | None:
    with database.transaction() as connection:
        row = connection.execute(_ONE, {"number": number}).first()
    return None if row is None else _customer(*row)


def _customer(number: int, name: str, city: str, country: str, limit: object) -> Customer:
    return Customer(number, name, city, country, None if limit is None else float(str(limit)))
