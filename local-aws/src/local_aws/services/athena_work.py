"""Doing one statement: asked of the catalog or of Trino, its answer written to S3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_aws.services.athena_catalog import Answer, Catalog, CatalogError
from local_aws.services.athena_engine import RunningQuery, TrinoClient
from local_aws.services.athena_hive_table import read_definition
from local_aws.services.athena_plan import Plan, Wishes, plan, with_parameters
from local_aws.services.athena_prepared import PreparedStatements
from local_aws.services.athena_results import Destination, Results
from local_aws.services.athena_submission import Submission
from local_aws.services.athena_tables import NONE
from local_aws.services.athena_text import Statement, unfinished
from local_aws.wire import Params

_VIEW = re.compile(r"^(CREATE VIEW )\w+\.(\S+) SECURITY DEFINER AS")  # Trino's SHOW CREATE VIEW
_WRITTEN = [("rows", "bigint")]


@contextmanager
def _whole(statement: Statement) -> Iterator[None]:
    """A reader that runs off the end of a statement has met one that is cut short."""
    try:
        yield
    except IndexError as error:
        raise unfinished(statement.text) from error


@dataclass(frozen=True)
class Worker:
    """Blocking; one call a query."""

    trino: TrinoClient
    catalog: Catalog
    results: Results
    prepared: PreparedStatements

    def check(self, statement: Statement, database: str) -> None:
        """Raise what Athena says at once of a statement that cannot be read."""
        with _whole(statement):
            self._read(statement, database)
        if statement.is_plain_sql and self.trino.ready():
            self.trino.check(statement.text)

    def _read(self, statement: Statement, database: str) -> None:
        if statement.starts("CREATE", "EXTERNAL") or (statement.starts("CREATE", "TABLE") and not statement.is_ctas):
            definition = read_definition(statement, database)
            if definition.iceberg:
                definition.iceberg_sql()
        if statement.words[0] in ("UNLOAD", "OPTIMIZE") or statement.is_ctas:
            plan(statement, database, Wishes("", "s3://output/", enforced=False, properties_of=lambda *_: {}))

    def prepare(self, query_id: str, submission: Submission) -> Answer | Plan:
        """What the catalog answers by itself, or what Trino is to be asked."""
        if self.prepared.run(submission.statement, submission.workgroup):
            return NONE
        wishes = Wishes(query_id, submission.output, submission.enforced, self.catalog.properties_of)
        with _whole(submission.statement):
            answer = self.catalog.answer(submission.statement, submission.database)
            return answer or plan(submission.statement, submission.database, wishes)

    def run(self, query_id: str, submission: Submission, wanted: Answer | Plan, running: RunningQuery) -> Params:
        """Returns what the statement adds to its execution: UpdateCount and DataManifestLocation."""
        to = submission.destination(query_id)
        if isinstance(wanted, tuple):
            names, rows = wanted
            self.results.write_lines(to, names, ("\t".join(row) for row in rows))
            return {}
        if wanted.must_be_empty and self.results.list_files(wanted.must_be_empty):
            raise CatalogError(
                f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {wanted.must_be_empty}"
            )
        try:
            columns, answer = self._ask(wanted, submission, running)
            if submission.statement.writes_data:
                return self._written(to, wanted, running, answer)
            return {"OutputRows": self._show(to, submission.statement, columns, answer)}
        finally:
            for sql in wanted.cleanup:
                list(self.trino.execute(sql, database=submission.database, running=RunningQuery())[1])

    def _ask(
        self, wanted: Plan, submission: Submission, running: RunningQuery
    ) -> tuple[list[tuple[str, str]], Iterator[list[Any]]]:
        columns: list[tuple[str, str]] = []
        rows: Iterator[list[Any]] = iter(())
        for place, sql in enumerate(wanted.sql, 1):
            list(rows)  # a statement has ended when its last page is read
            takes_parameters = submission.parameters and place == len(wanted.sql)
            text = with_parameters(sql, submission.parameters) if takes_parameters else sql
            columns, rows = self.trino.execute(
                text, database=submission.database, session=wanted.session, running=running
            )
        return columns, rows

    def _show(
        self, to: Destination, statement: Statement, columns: list[tuple[str, str]], rows: Iterator[list[Any]]
    ) -> int:
        match statement.kind:
            case ["DML", _]:
                return self.results.write_rows(to, columns, rows)
            case ["UTILITY", _]:
                lines = (line for row in rows for line in _VIEW.sub(r"\1\2 AS", str(row[0])).splitlines())
                self.results.write_lines(to, [name for name, _ in columns], lines)
            case _:
                list(rows)
                self.results.write_lines(to, [], [])
        return 0

    def _written(self, to: Destination, wanted: Plan, running: RunningQuery, rows: Iterator[list[Any]]) -> Params:
        """A statement that wrote data: its count, and a manifest of its files (Trino names them after its query)."""
        count = int(next(iter(list(rows)), [0])[0] or 0)
        self.results.write_columns(to, _WRITTEN)
        location = wanted.unloads_to or self._location(wanted)
        found = self.results.list_files(location) if location else set()
        ours = [name for name in found if any(engine_id in name for engine_id in running.engine_ids)]
        manifest = self.results.write_manifest(to, sorted(name for name in ours if "/metadata/" not in name))
        return {"UpdateCount": count, "OutputRows": count, "DataManifestLocation": manifest}

    def _location(self, wanted: Plan) -> str | None:
        if wanted.writes:
            with suppress(ClientError):
                table = self.catalog.glue.get_table(DatabaseName=wanted.writes[0], Name=wanted.writes[1])["Table"]
                return str(table["StorageDescriptor"]["Location"])
        return None
