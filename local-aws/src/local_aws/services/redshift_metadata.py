"""The Redshift Data API: the databases, schemas, tables and columns that a workgroup shows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.redshift_login import Doorkeeper
from local_aws.services.redshift_records import page
from local_aws.services.redshift_results import column_metadata
from local_aws.services.redshift_schemas import SYSTEM, ExternalTable, SchemasOfDatabase, StatementError
from local_aws.services.redshift_statements import Login
from local_aws.wire import AwsError, AwsRequest, Params

T = TypeVar("T")
_TRINO = {"int": "integer", "float": "real", "string": "varchar"}


class RedshiftMetadata(Service):
    """Answers of the catalog; the pattern's % stands for any text, _ for one character."""

    name: ClassVar[str] = "redshift-data"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.doorkeeper = Doorkeeper(ctx)

    @action("ListDatabases")
    async def list_databases(self, request: AwsRequest) -> Params:
        return await self._paged(request, "Databases", lambda login: [login.schemas.database.name])

    @action("ListSchemas")
    async def list_schemas(self, request: AwsRequest) -> Params:
        fits = _pattern(request.params.get("SchemaPattern"))
        return await self._paged(
            request, "Schemas", lambda login: sorted(filter(fits, [*SYSTEM, *login.schemas.names()]))
        )

    @action("ListTables")
    async def list_tables(self, request: AwsRequest) -> Params:
        schema, table = _pattern(request.params.get("SchemaPattern")), _pattern(request.params.get("TablePattern"))

        def found(login: Login) -> list[Params]:
            names = [(name, known.name) for name in filter(schema, login.schemas.names())
                     for known in login.schemas.tables(name) if table(known.name)]  # fmt: skip
            return [{"name": name, "schema": of, "type": "EXTERNAL TABLE"} for of, name in sorted(names)]

        return await self._paged(request, "Tables", found)

    @action("DescribeTable")
    async def describe_table(self, request: AwsRequest) -> Params:
        schema, table = request.params.get("Schema") or "", request.params.get("Table") or ""

        def found(login: Login) -> list[Params]:
            known = _table(login.schemas, schema.lower(), table.lower())
            return [_column(known, name, kind) for name, kind in known.columns.items()] if known else []

        return {"TableName": table} | await self._paged(request, "ColumnList", found)

    async def _paged(self, request: AwsRequest, member: str, find: Callable[[Login], list[T]]) -> Params:
        def answered() -> list[T]:
            login = self.doorkeeper.admit(request.params)
            try:
                login.check()
            except StatementError as error:
                raise AwsError("DatabaseConnectionException", str(error), 500) from error
            return find(login)

        found, token = page(await asyncio.to_thread(answered), request.params)
        return {member: found} | ({"NextToken": token} if token else {})


def _pattern(text: str | None) -> Callable[[str], bool]:
    if not text:
        return lambda name: True
    regular = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text.lower())
    return lambda name: re.fullmatch(regular, name) is not None


def _table(schemas: SchemasOfDatabase, schema: str, table: str) -> ExternalTable | None:
    try:
        return next((known for known in schemas.tables(schema) if known.name == table), None)
    except StatementError:
        return None


def _column(table: ExternalTable, name: str, kind: str) -> Params:
    base, _, rest = kind.partition("(")
    about: dict[str, Any] = column_metadata(name, _TRINO.get(base, base) + (f"({rest}" if rest else ""))
    return about | {"schemaName": table.schema, "tableName": table.name}
