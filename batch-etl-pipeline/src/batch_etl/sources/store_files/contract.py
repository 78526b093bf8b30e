"""What a store's file must hold: a declared contract, from YAML.

    contract: bookstore            its name
    table: store_sales             the table of the silver database that the rows go to
    key: transaction_id            a column, or a list of them, that names a row once and for ever
    partitioned_by: genre          a column, or none
    files: ["*"]                   names, below store-files/, that the contract is for
    columns:
      price: {type: "decimal(10,2)", required: true, positive: true, aliases: [amount]}

Types: string, bigint, boolean, date, timestamp (UTC), decimal(precision,scale).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from batch_etl.errors import ContractError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DECIMAL = re.compile(r"decimal\((\d{1,2}),\s*(\d{1,2})\)")
_PLAIN_TYPES = frozenset({"string", "bigint", "boolean", "date", "timestamp"})
_FIELDS = frozenset({"contract", "table", "key", "partitioned_by", "files", "columns"})
_COLUMN_FIELDS = frozenset({"type", "required", "positive", "aliases"})
PROVENANCE = ("source_file", "source_version", "source_part", "source_line")
"""Columns that every table has beside its contract's: where a row came from."""
RESERVED = frozenset({*PROVENANCE, "run_id", "loaded_at", "ordinal", "verdict"})


@dataclass(frozen=True)
class Column:
    """A column of the table. `positive`: greater than zero."""

    name: str
    type: str
    required: bool = False
    positive: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def decimal(self) -> tuple[int, int] | None:
        """Precision and scale."""
        found = _DECIMAL.fullmatch(self.type)
        return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True)
class Contract:
    name: str
    table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partitioned_by: str | None = None
    files: tuple[str, ...] = ("*",)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def places(self) -> dict[str, int]:
        """Every name that a header may use, as `spelled` makes it → the column's place in the contract."""
        return {
            spelled(name): place for place, column in enumerate(self.columns) for name in (column.name, *column.aliases)
        }

    def is_for(self, file: str) -> bool:
        """`file` is the name below store-files/."""
        return any(fnmatchcase(file, pattern) for pattern in self.files)

    def lacking(self, header: Sequence[str]) -> list[str]:
        """The required columns that a header does not have."""
        found = {self.places.get(spelled(name)) for name in header}
        return [column.name for place, column in enumerate(self.columns) if column.required and place not in found]

    def repeated(self, header: Sequence[str]) -> list[str]:
        """The columns that a header has twice."""
        found = [self.places[spelled(name)] for name in header if spelled(name) in self.places]
        return sorted({self.columns[place].name for place in found if found.count(place) > 1})

    def known(self, header: Sequence[str]) -> int:
        """How many names of a header the contract knows."""
        return len({self.places[spelled(name)] for name in header if spelled(name) in self.places})

    def to_json(self) -> dict[str, Any]:
        """As `contract_of` reads it."""
        return {
            "contract": self.name,
            "table": self.table,
            "key": list(self.key),
            "partitioned_by": self.partitioned_by,
            "files": list(self.files),
            "columns": {
                column.name: {
                    "type": column.type,
                    "required": column.required,
                    "positive": column.positive,
                    "aliases": list(column.aliases),
                }
                for column in self.columns
            },
        }


def spelled(name: str) -> str:
    """A header's name without regard to case, blanks and punctuation: `Transaction ID` is `transaction_id`."""
    return re.sub(r"\W+", "_", name.strip().casefold()).strip("_")


def contract_of(document: Mapping[str, Any], where: str) -> Contract:
    """From a parsed YAML or JSON document; `where` names it in errors. Raises ContractError."""
    _only(document, _FIELDS, where)
    columns = tuple(_column(name, rules, where) for name, rules in dict(document.get("columns") or {}).items())
    key = document.get("key")
    contract = Contract(
        name=_named(document, "contract", where),
        table=_named(document, "table", where),
        key=tuple([key] if isinstance(key, str) else key or ()),
        columns=columns,
        partitioned_by=document.get("partitioned_by"),
        files=tuple(document.get("files") or ("*",)),
    )
    _check(contract, where)
    return contract


def _check(contract: Contract, where: str) -> None:
    required = {column.name for column in contract.columns if column.required}
    if not contract.key or not set(contract.key) <= required:
        raise ContractError(f"{where}: key must name columns with required: true, not {list(contract.key)}.")
    if contract.partitioned_by is not None and contract.partitioned_by not in required:
        raise ContractError(f"{where}: partitioned_by must name a column with required: true.")
    spellings = [spelled(name) for column in contract.columns for name in (column.name, *column.aliases)]
    if twice := {name for name in spellings if spellings.count(name) > 1}:
        raise ContractError(f"{where}: {', '.join(sorted(twice))} names two columns. Take an alias away.")


def _column(name: str, rules: Mapping[str, Any], where: str) -> Column:
    place = f"{where}, column {name}"
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise ContractError(f"{place}: names are lower-case letters, digits and _, and none of {sorted(RESERVED)}.")
    _only(rules, _COLUMN_FIELDS, place)
    column = Column(
        name=name,
        type=str(rules.get("type", "string")),
        required=bool(rules.get("required", False)),
        positive=bool(rules.get("positive", False)),
        aliases=tuple(rules.get("aliases") or ()),
    )
    digits = column.decimal
    if column.type not in _PLAIN_TYPES and (digits is None or not digits[1] <= digits[0] <= 38):
        raise ContractError(f"{place}: type {column.type!r} is none of {sorted(_PLAIN_TYPES)}, decimal(p,s).")
    if column.positive and not (digits or column.type == "bigint"):
        raise ContractError(f"{place}: only a number can be positive.")
    return column


def _only(given: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    if not isinstance(given, Mapping):
        raise ContractError(f"{where}: an object with {', '.join(sorted(known))} belongs here.")
    if unknown := sorted(set(given) - known):
        raise ContractError(f"{where}: {', '.join(unknown)} is not known. Known are {', '.join(sorted(known))}.")


def _named(document: Mapping[str, Any], field: str, where: str) -> str:
    name = document.get(field)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ContractError(f"{where}: {field} must be lower-case letters, digits and _, not {name!r}.")
    return name
