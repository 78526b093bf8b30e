"""Where answers go: Athena's files on S3 for programs that read them, and pages of rows for GetQueryResults."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from local_aws.services.athena_types import Row, column_info, csv_line, text_of

PAGE = 1000


@dataclass(frozen=True)
class Destination:
    """Where one query's answer goes; `encryption` as PutObject takes it."""

    query_id: str
    location: str
    encryption: dict[str, str]


@dataclass(frozen=True)
class Results:
    """`folder` keeps the rows of each query as JSON lines; `s3` is a client of S3."""

    folder: Path
    s3: Any

    def write_rows(self, to: Destination, columns: list[tuple[str, str]], rows: Iterable[list[Any]]) -> int:
        """The answer of a query: a header and rows, as CSV on S3 and as pages; returns how many rows."""
        names: Row = [name for name, _ in columns]
        texts = ([text_of(value, kind) for value, (_, kind) in zip(row, columns, strict=True)] for row in rows)
        lines = chain([names], texts) if columns else iter(())
        written = self._store(to, ((row, csv_line(row)) for row in lines))
        self.write_columns(to, columns)
        return max(0, written - 1)

    def write_lines(self, to: Destination, names: list[str], lines: Iterable[str]) -> None:
        """The answer of DDL and utility statements: a line is a row of one value, whatever the columns are."""
        self._store(to, (([line], line + "\n") for line in lines))
        self.write_columns(to, [(name, "string") for name in names])

    def write_columns(self, to: Destination, columns: list[tuple[str, str]]) -> None:
        """The columns for GetQueryResults, and beside the result file (as JSON: Athena's own format is not public)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        body = json.dumps([column_info(name, kind) for name, kind in columns])
        self._columns_path(to.query_id).write_text(body)
        self.put(f"{to.location}.metadata", body.encode(), to.encryption)

    def write_manifest(self, to: Destination, files: list[str]) -> str:
        """What CTAS, INSERT and UNLOAD wrote, a line a file; returns where it stands."""
        manifest = f"{to.location}-manifest.csv"
        self.put(manifest, "".join(f"{name}\n" for name in files).encode(), to.encryption)
        return manifest

    def _store(self, to: Destination, rows: Iterable[tuple[Row, str]]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile() as upload, self._rows_path(to.query_id).open("wb") as pages:
            count = 0
            for row, text in rows:
                count += 1
                upload.write(text.encode())
                pages.write(json.dumps(row).encode() + b"\n")
            upload.seek(0)
            self.put(to.location, upload, to.encryption)
        return count

    def put(self, location: str, body: BinaryIO | bytes, encryption: dict[str, str]) -> None:
        bucket, key = split(location)
        self.s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption)

    def read(self, location: str) -> bytes:
        bucket, key = split(location)
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def exists(self, location: str) -> bool:
        bucket, key = split(location)
        try:
            self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError:
            return False
        return True

    def list_files(self, location: str) -> set[str]:
        bucket, prefix = split(location.rstrip("/") + "/")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {f"s3://{bucket}/{entry['Key']}" for page in pages for entry in page.get("Contents", [])}

    def page(self, query_id: str, token: str | None, size: int) -> tuple[list[Row], str | None]:
        """Rows from `token` (a place in the file) on, and the next token."""
        path = self._rows_path(query_id)
        if not path.exists():
            return [], None
        rows: list[Row] = []
        with path.open("rb") as file:
            file.seek(int(token or 0))
            while len(rows) < size and (line := file.readline()):
                rows.append(json.loads(line))
            place, more = file.tell(), bool(file.read(1))
        return rows, str(place) if more else None

    def columns(self, query_id: str) -> list[dict[str, Any]]:
        path = self._columns_path(query_id)
        return json.loads(path.read_text()) if path.exists() else []

    def _rows_path(self, query_id: str) -> Path:
        return self.folder / f"{query_id}.jsonl"

    def _columns_path(self, query_id: str) -> Path:
        return self.folder / f"{query_id}.columns.json"


def split(location: str) -> tuple[str, str]:
    """s3://bucket/key → (bucket, key)."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
