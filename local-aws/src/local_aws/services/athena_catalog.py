"""Statements about the catalog, answered from the Glue catalog itself as Athena does: DDL, SHOW and DESCRIBE."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from local_aws.engines.trino import ICEBERG_CATALOG
from local_aws.services.athena_alter import Alterations
from local_aws.services.athena_hive_table import read_definition
from local_aws.services.athena_plan import Plan
from local_aws.services.athena_show import Shows
from local_aws.services.athena_tables import NONE, Answer, CatalogError, Tables, is_iceberg, is_view, pairs
from local_aws.services.athena_text import Statement

__all__ = ["Answer", "Catalog", "CatalogError"]

_Handler = Callable[[Statement, str], Answer | Plan]


class Catalog(Tables):
    """`answer` returns rows, or a Plan for Trino, or None when the statement is not about the catalog."""

    @cached_property
    def _handlers(self) -> dict[tuple[str, str], _Handler]:
        alterations, shows = Alterations(self), Shows(self)
        return {
            ("CREATE", "DATABASE"): self._create_database,
            ("CREATE", "SCHEMA"): self._create_database,
            ("DROP", "DATABASE"): self._drop_database,
            ("DROP", "SCHEMA"): self._drop_database,
            ("ALTER", "DATABASE"): self._alter_database,
            ("ALTER", "SCHEMA"): self._alter_database,
            ("CREATE", "EXTERNAL"): self._create_table,
            ("CREATE", "TABLE"): self._create_table,
            ("DROP", "TABLE"): self._drop_table,
            ("DROP", "VIEW"): self._drop_view,
            ("ALTER", "TABLE"): alterations.alter,
            ("MSCK", "REPAIR"): alterations.repair,
            ("SHOW", ""): shows.show,
            ("DESCRIBE", ""): shows.describe,
            ("DESC", ""): shows.describe,
        }

    def answer(self, statement: Statement, database: str) -> Answer | Plan | None:
        first, second = (*statement.words, "")[:2]
        handler = self._handlers.get((first, second)) or self._handlers.get((first, ""))
        if handler is None or statement.is_ctas:
            return None
        try:
            return handler(statement, database)
        except ClientError as error:
            raise CatalogError(_semantic(error)) from error

    def _create_database(self, statement: Statement, _database: str) -> Answer:
        index = statement.skip(2, "IF", "NOT", "EXISTS")
        new: dict[str, Any] = {"Name": statement.tokens[index].text.lower()}
        for word, key in (("LOCATION", "LocationUri"), ("COMMENT", "Description")):
            at = statement.find(word, after=index)
            if at > 0:
                new[key] = statement.tokens[at + 1].text
        at = statement.find("DBPROPERTIES", after=index)
        if at > 0:
            new["Parameters"] = pairs(statement, at + 1)
        try:
            self.glue.create_database(DatabaseInput=new)
        except self.glue.exceptions.AlreadyExistsException:
            if index == 2:
                raise
        return NONE

    def _drop_database(self, statement: Statement, _database: str) -> Answer:
        index = statement.skip(2, "IF", "EXISTS")
        name = statement.tokens[index].text.lower()
        try:
            self.glue.get_database(Name=name)
            if statement.words[-1] != "CASCADE" and next(self.of(name), None):
                raise CatalogError(
                    f"FAILED: Execution Error. InvalidOperationException(message:Database {name} is not empty. "
                    "One or more tables exist.)"
                )
            self.glue.delete_database(Name=name)
        except self.glue.exceptions.EntityNotFoundException:
            if index == 2:
                raise
        return NONE

    def _alter_database(self, statement: Statement, _database: str) -> Answer:
        """ALTER DATABASE name SET DBPROPERTIES ('a' = 'b')"""
        found = self.glue.get_database(Name=statement.tokens[2].text.lower())["Database"]
        opening = statement.find("DBPROPERTIES") + 1
        found["Parameters"] = found.get("Parameters", {}) | pairs(statement, opening)
        accepted = {key: found[key] for key in ("Name", "Description", "LocationUri", "Parameters") if key in found}
        self.glue.update_database(Name=found["Name"], DatabaseInput=accepted)
        return NONE

    def _create_table(self, statement: Statement, database: str) -> Answer | Plan:
        definition = read_definition(statement, database)
        self.glue.get_database(Name=definition.database)
        if definition.iceberg:
            return Plan([definition.iceberg_sql()])
        try:
            self.glue.create_table(DatabaseName=definition.database, TableInput=definition.table_input())
        except self.glue.exceptions.AlreadyExistsException:
            if not definition.if_not_exists:
                raise
        return NONE

    def _drop_table(self, statement: Statement, database: str) -> Answer | Plan:
        """An external table leaves its data; an Iceberg table is Athena's own and goes with its data."""
        index = statement.skip(2, "IF", "EXISTS")
        schema, name, _ = statement.name_at(index, database)
        try:
            table = self.get(schema, name)
            if is_view(table):
                raise CatalogError(
                    f"FAILED: SemanticException [Error 10018]: Cannot drop a view with DROP TABLE: {name}"
                )
            if is_iceberg(table):
                return Plan([f'DROP TABLE {ICEBERG_CATALOG}."{schema}"."{name}"'])
            self.glue.delete_table(DatabaseName=schema, Name=name)
        except self.glue.exceptions.EntityNotFoundException:
            if index == 2:
                raise
        return NONE

    def _drop_view(self, statement: Statement, database: str) -> Answer:
        index = statement.skip(2, "IF", "EXISTS")
        schema, name, _ = statement.name_at(index, database)
        try:
            if not is_view(self.get(schema, name)):
                raise CatalogError(f"FAILED: SemanticException [Error 10019]: {name} is not a view")
            self.glue.delete_table(DatabaseName=schema, Name=name)
        except self.glue.exceptions.EntityNotFoundException:
            if index == 2:
                raise
        return NONE


def _semantic(error: ClientError) -> str:
    detail = error.response["Error"]
    return f"FAILED: Execution Error. {detail['Code']}(message:{detail['Message']})"
