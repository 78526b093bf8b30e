"""Answers of the Redshift Data API: typed fields and column metadata, kept as JSON lines until they expire."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.services.athena_types import split_type
from local_aws.wire import Params

PAGE = 1000
_NAMES = {
    "boolean": "bool",
    "tinyint": "int2",
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double": "float8",
    "decimal": "numeric",
    "varchar": "varchar",
    "char": "bpchar",
    "date": "date",
    "varbinary": "varbyte",
    "unknown": "varchar",
}
_PRECISION = {"bool": 1, "int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17, "date": 13}
_LONGEST = 65535
Field = dict[str, Any]
Column = tuple[str, str]


def type_name(signature: str) -> str:
    """Redshift's name of a type of Trino's."""
    kind, _ = split_type(signature)
    if kind.startswith("timestamp"):
        return "timestamptz" if kind.endswith("with time zone") else "timestamp"
    return _NAMES.get(kind, "super")


def column_metadata(name: str, signature: str) -> Params:
    kind = type_name(signature)
    _, arguments = split_type(signature)
    precision, scale = _PRECISION.get(kind, 0), 0
    if kind == "numeric":
        precision, scale = int(arguments[0]), int(arguments[1])
    elif kind in ("varchar", "bpchar"):
        precision = min(int(arguments[0]), _LONGEST) if arguments else _LONGEST
    elif kind.startswith("timestamp"):
        precision, scale = 29, 6
    return {
        "isCaseSensitive": kind in ("varchar", "bpchar"),
        "isCurrency": False,
        "isSigned": kind in ("int2", "int4", "int8", "float4", "float8", "numeric"),
        "label": name,
        "length": 0,
        "name": name,
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "schemaName": "",
        "tableName": "",
        "typeName": kind,
    }


def field(value: Any, signature: str) -> Field:  # noqa: PLR0911 - one return a type
    """A value of Trino's JSON protocol as a Field of the Data API; what has no number type there is text."""
    if value is None:
        return {"isNull": True}
    match type_name(signature):
        case "bool":
            return {"booleanValue": value}
        case "int2" | "int4" | "int8":
            return {"longValue": int(value)}
        case "float4" | "float8":
            return {"doubleValue": float(value)}
        case "varbyte":
            return {"blobValue": value}  # base64, as Trino writes it and JSON can keep it
        case "timestamp" | "timestamptz":
            return {"stringValue": _moment(str(value))}
        case "super":
            return {"stringValue": json.dumps(value, separators=(",", ":"))}
    return {"stringValue": str(value)}


def _moment(text: str) -> str:
    """2024-01-02 03:04:05.500 UTC → 2024-01-02 03:04:05.5+00: no zeros at the end, a zone by its offset."""
    day, _, rest = text.partition(" ")
    clock, _, zone = rest.partition(" ")
    seconds, point, fraction = clock.partition(".")
    kept = fraction.rstrip("0") if point else ""
    return f"{day} {seconds}{'.' + kept if kept else ''}" + ("+00" if zone else "")


def csv_text(columns: list[Params], rows: list[list[Field]], *, header: bool) -> str:
    """Rows as GetStatementResultV2 gives them: RFC 4180, NULL as nothing at all."""
    written = io.StringIO()
    writer = csv.writer(written)
    if header:
        writer.writerow([column["name"] for column in columns])
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return written.getvalue()


def _plain(cell: Field) -> str:
    value = next(iter(cell.values()))
    if "isNull" in cell:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class RedshiftResults:
    """`folder` keeps the rows of each statement."""

    folder: Path

    def write(self, statement: str, columns: list[Column], rows: Iterable[list[Any]]) -> tuple[int, int]:
        """Keep an answer; returns its rows and bytes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        count = 0
        with self._path(statement).open("w") as file:
            file.write(json.dumps([column_metadata(name, kind) for name, kind in columns]) + "\n")
            for row in rows:
                file.write(json.dumps([field(cell, kind) for cell, (_, kind) in zip(row, columns, strict=True)]) + "\n")
                count += 1
        return count, self._path(statement).stat().st_size

    def page(self, statement: str, token: str | None) -> tuple[list[Params], list[list[Field]], str | None]:
        """(column metadata, rows from `token` on, the next token); a token is a place in the file."""
        with self._path(statement).open("rb") as file:
            columns = json.loads(file.readline())
            if token:
                file.seek(int(token))
            rows = list(_rows(file, PAGE))
            place, more = file.tell(), bool(file.read(1))
        return columns, rows, str(place) if more else None

    def forget(self, statement: str) -> None:
        for path in self.folder.glob(f"{statement}*.jsonl"):
            path.unlink(missing_ok=True)

    def _path(self, statement: str) -> Path:
        return self.folder / f"{statement.replace(':', '-')}.jsonl"


def _rows(file: io.BufferedReader, most: int) -> Iterator[list[Field]]:
    for _ in range(most):
        if not (line := file.readline()):
            return
        yield [_revived(cell) for cell in json.loads(line)]


def _revived(cell: Field) -> Field:
    return {"blobValue": base64.b64decode(cell["blobValue"])} if "blobValue" in cell else cell
