"""A query in Redshift's SQL as one that Trino answers the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from local_aws.engines.trino import CATALOG
from local_aws.services.redshift_language import DIALECT, read_query
from local_aws.services.redshift_schemas import (
    SYSTEM,
    ExternalTable,
    SchemasOfDatabase,
    StatementError,
    User,
    not_here,
)
from local_aws.services.redshift_semantics import as_redshift_answers

_UNNAMED = "?column?"


@dataclass(frozen=True)
class Translated:
    """`names` are the columns' as Redshift calls them; None leaves them to the engine's answer."""

    sql: str
    names: list[str] | None


@dataclass(frozen=True)
class Translator:
    """Blocking: looks tables up in the Glue catalog. Raises StatementError."""

    schemas: SchemasOfDatabase
    user: User

    def translate(self, sql: str, parameters: dict[str, str]) -> Translated:
        query = read_query(sql)
        _bind(query, parameters)
        names = _output_names(query)
        tables = self._tables(query)
        annotated = as_redshift_answers(_typed(query, tables))
        for node in list(annotated.find_all(exp.Table)):
            if node.db and (found := tables.get((node.db, node.name))):
                node.set("db", exp.to_identifier(found.glue_database, quoted=True))
                node.set("catalog", exp.to_identifier(CATALOG))
        return Translated(annotated.sql("trino", identify=True), names)

    def _tables(self, query: exp.Query) -> dict[tuple[str, str], ExternalTable]:
        """The external tables that a query names; views on the catalog itself are put in as their rows."""
        found: dict[tuple[str, str], ExternalTable] = {}
        for node in _real_tables(query):
            schema, name = node.db.lower(), node.name.lower()
            if node.catalog and node.catalog.lower() != self.schemas.database.name:
                raise not_here(f'queries across databases ("{node.catalog}")')
            if not schema and name in _VIEWS:
                rows, columns = _VIEWS[name]
                node.replace(_as_rows(list(rows(self.schemas)), columns, node.alias or name))
            elif schema in SYSTEM or not schema:
                relation = f"{schema}.{name}" if schema else name
                raise StatementError(
                    f'relation "{relation}" does not exist (local-aws has external schemas only: '
                    f"{', '.join(self.schemas.names()) or 'none yet'})"
                )
            else:
                found[schema, name] = self.schemas.table(schema, name, self.user)
                node.set("catalog", None)
        return found


def _real_tables(query: exp.Query) -> list[exp.Table]:
    """Tables, less the references to common table expressions; each node once."""
    try:
        scopes = traverse_scope(query)
    except OptimizeError as error:
        raise StatementError(str(error)) from error
    found = {
        id(source): source for scope in scopes for source in scope.sources.values() if isinstance(source, exp.Table)
    }
    return list(found.values())


def _typed(query: exp.Query, tables: dict[tuple[str, str], ExternalTable]) -> exp.Expression:
    """Every column with its table, every star spelled out, every node with its type where that can be told."""
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for (schema, name), table in tables.items():
        nested.setdefault(schema, {})[name] = table.columns
    known = MappingSchema(nested or None, dialect=DIALECT)
    try:
        qualified = qualify(
            query,
            schema=known,
            dialect=DIALECT,
            quote_identifiers=False,
            identify=False,
            validate_qualify_columns=bool(tables),
        )
        return annotate_types(qualified, schema=known, dialect=DIALECT)
    except OptimizeError as error:
        raise StatementError(_unresolved(str(error))) from error
    except SqlglotError as error:
        raise StatementError(f"the query cannot be analysed: {error}") from error


def _unresolved(message: str) -> str:
    """sqlglot's `Column 'x' could not be resolved …` in Redshift's words."""
    _, quote, rest = message.partition("'")
    return f'column "{rest.partition(quote)[0]}" does not exist' if quote and "resolved" in message else message


def _bind(query: exp.Query, parameters: dict[str, str]) -> None:
    """`:name` is the quoted value, which takes the type that it meets; in LIMIT and OFFSET it is a number."""
    for node in list(query.find_all(exp.Placeholder)):
        if node.name not in parameters:
            raise StatementError(f"no value is given for the parameter :{node.name}")
        value = parameters[node.name]
        is_count = isinstance(node.parent, exp.Limit | exp.Offset)
        if is_count and not value.isdecimal():
            raise StatementError(f'invalid input syntax for integer: "{value}" (parameter :{node.name})')
        node.replace(exp.Literal.number(value) if is_count else exp.Literal.string(value))


def _output_names(query: exp.Query) -> list[str] | None:
    selects = query.selects
    if any(select.is_star for select in selects):
        return None
    return [_output_name(select).lower() for select in selects]


def _output_name(select: exp.Expression) -> str:
    if select.alias_or_name and isinstance(select, exp.Alias | exp.Column):
        return str(select.alias_or_name)
    inner = select.this if isinstance(select, exp.Cast | exp.Window | exp.Paren) else select
    if isinstance(inner, exp.Column):
        return str(inner.name)
    if isinstance(inner, exp.AggFunc | exp.Coalesce):
        return str(inner.sql_name())
    return "case" if isinstance(inner, exp.Case) else _UNNAMED


def _external_schemas(schemas: SchemasOfDatabase) -> Iterator[dict[str, str]]:
    for name in schemas.names():
        record = schemas.record(name)
        yield {
            "schemaname": name,
            "databasename": record["glue_database"],
            "esoptions": f'{{"IAM_ROLE":"{record["role"]}"}}',
        }


def _external_tables(schemas: SchemasOfDatabase) -> Iterator[dict[str, str]]:
    for name in schemas.names():
        for table in schemas.tables(name):
            yield {"schemaname": name, "tablename": table.name, "location": table.location}


def _external_columns(schemas: SchemasOfDatabase) -> Iterator[dict[str, str]]:
    for name in schemas.names():
        for table in schemas.tables(name):
            for column, kind in table.columns.items():
                yield {
                    "schemaname": name,
                    "tablename": table.name,
                    "columnname": column,
                    "external_type": kind,
                }


def _as_rows(rows: list[dict[str, str]], columns: tuple[str, ...], alias: str) -> exp.Expression:
    """A table of text in place of a view."""
    selects = [
        exp.select(*(exp.alias_(exp.cast(exp.Literal.string(row[name]), "varchar"), name) for name in columns))
        for row in rows
    ]
    nothing = exp.select(*(exp.alias_(exp.cast(exp.null(), "varchar"), name) for name in columns)).where("1 = 0")
    whole: exp.Query = selects[0] if selects else nothing
    for select in selects[1:]:
        whole = whole.union(select, distinct=False)
    return whole.subquery(alias)


_Rows = Callable[[SchemasOfDatabase], Iterator[dict[str, str]]]
_VIEWS: dict[str, tuple[_Rows, tuple[str, ...]]] = {
    "svv_external_schemas": (_external_schemas, ("schemaname", "databasename", "esoptions")),
    "svv_external_tables": (_external_tables, ("schemaname", "tablename", "location")),
    "svv_external_columns": (_external_columns, ("schemaname", "tablename", "columnname", "external_type")),
}
