"""The Glue Data Catalog where the emulator's answers differ from Glue's in ways that Trino and Iceberg notice.

Databases, tables and partitions themselves are kept by the emulator.
"""

from __future__ import annotations

import re
import zlib
from typing import Any, ClassVar

from local_aws.services.base import Service, action
from local_aws.services.glue_partition_filter import InvalidExpression, matches, parse
from local_aws.wire import AwsError, AwsRequest, Params

# UpdateTable replaces a table's definition: what the caller leaves out is gone.
_REPLACED: Params = {
    "Description": "",
    "Owner": "",
    "Parameters": {},
    "PartitionKeys": [],
    "StorageDescriptor": {},
    "ViewOriginalText": "",
    "ViewExpandedText": "",
}
_OPTIONAL_TEXT = ("Description", "Owner", "ViewOriginalText", "ViewExpandedText")


class GlueCatalogService(Service):
    """Names are folded to lower case, absent is absent (not empty), filters filter."""

    name: ClassVar[str] = "glue"

    @action("CreateDatabase")
    async def create_database(self, request: AwsRequest) -> Params:
        return await self.ctx.upstream(request, request.params | {"DatabaseInput": _folded(request, "DatabaseInput")})

    @action("GetDatabase")
    async def get_database(self, request: AwsRequest) -> Params:
        found = await self.ctx.upstream(request, request.params | {"Name": request.params["Name"].lower()})
        return {"Database": plain(found["Database"])}

    @action("GetDatabases")
    async def get_databases(self, request: AwsRequest) -> Params:
        found = await self.ctx.upstream(request)
        return found | {"DatabaseList": [plain(database) for database in found.get("DatabaseList", [])]}

    @action("CreateTable")
    async def create_table(self, request: AwsRequest) -> Params:
        changed = {"DatabaseName": request.params["DatabaseName"].lower()}
        if "TableInput" in request.params:
            changed["TableInput"] = with_current_fields(_folded(request, "TableInput"))
        return await self.ctx.upstream(request, request.params | changed)

    @action("UpdateTable")
    async def update_table(self, request: AwsRequest) -> Params:
        changed: Params = {"DatabaseName": request.params["DatabaseName"].lower()}
        if "TableInput" in request.params:
            changed["TableInput"] = _REPLACED | with_current_fields(_folded(request, "TableInput"))
        return await self.ctx.upstream(request, request.params | changed)

    @action("GetTable")
    async def get_table(self, request: AwsRequest) -> Params:
        names = {key: request.params[key].lower() for key in ("DatabaseName", "Name")}
        found = await self.ctx.upstream(request, request.params | names)
        return {"Table": plain(found["Table"])}

    @action("GetTables")
    async def get_tables(self, request: AwsRequest) -> Params:
        """Expression is a regular expression over the whole name."""
        wanted = dict(request.params) | {"DatabaseName": request.params["DatabaseName"].lower()}
        expression = wanted.pop("Expression", None)
        found = await self.ctx.upstream(request, wanted)
        tables = [plain(table) for table in found.get("TableList", [])]
        if expression:
            tables = [table for table in tables if _name_matches(expression, table["Name"])]
        return found | {"TableList": tables}

    @action("DeleteTable")
    async def delete_table(self, request: AwsRequest) -> Params:
        names = {key: request.params[key].lower() for key in ("DatabaseName", "Name")}
        return await self.ctx.upstream(request, request.params | names)

    @action("GetPartitions")
    async def get_partitions(self, request: AwsRequest) -> Params:
        """Trino reads a table in several segments at once: each partition belongs to exactly one."""
        wanted = dict(request.params)
        expression, segment = wanted.pop("Expression", None), wanted.pop("Segment", None)
        found = await self.ctx.upstream(request, wanted)
        partitions = [plain(partition) for partition in found.get("Partitions", [])]
        if segment:
            number, total = int(segment["SegmentNumber"]), int(segment["TotalSegments"])
            partitions = [partition for partition in partitions if _segment_of(partition, total) == number]
        if expression:
            partitions = await self._filtered(request, expression, partitions)
        return found | {"Partitions": partitions}

    async def _filtered(self, request: AwsRequest, expression: str, partitions: list[Params]) -> list[Params]:
        names = {"DatabaseName": request.params["DatabaseName"], "Name": request.params["TableName"]}
        table = await self.ctx.upstream(AwsRequest("glue", "GetTable", names, request.http), names)
        keys = table["Table"].get("PartitionKeys", [])
        try:
            condition = parse(expression)
            return [partition for partition in partitions if matches(condition, keys, partition["Values"])]
        except InvalidExpression as error:
            raise AwsError("InvalidInputException", str(error)) from error


def plain(document: Any) -> Any:
    """Without nulls, and without the empty texts that the emulator puts where Glue has nothing.

    A Hive view with a Description of "" instead of none is taken for a table with a comment by Trino.
    """
    if isinstance(document, list):
        return [plain(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        key: plain(value)
        for key, value in document.items()
        if value is not None and not (key in _OPTIONAL_TEXT and value == "")
    }


def with_current_fields(table: Params) -> Params:
    """Athena marks an Iceberg table's columns as current, Trino does not; readers look for the mark."""
    if str(table.get("Parameters", {}).get("table_type", "")).upper() != "ICEBERG":
        return table
    storage = table.get("StorageDescriptor", {})
    columns = [
        column | {"Parameters": {"iceberg.field.current": "true"} | column.get("Parameters", {})}
        for column in storage.get("Columns", [])
    ]
    return table | {"StorageDescriptor": storage | {"Columns": columns}}


def _folded(request: AwsRequest, member: str) -> Params:
    given: Params = request.params[member]
    return given | {"Name": given["Name"].lower()}


def _name_matches(expression: str, name: str) -> bool:
    """Glue takes Java's regular expressions; a bare * (Hive's wildcard) is taken as well."""
    try:
        return re.fullmatch(expression, name) is not None
    except re.error:
        return re.fullmatch(re.escape(expression).replace(r"\*", ".*"), name) is not None


def _segment_of(partition: Params, total: int) -> int:
    return zlib.crc32("\0".join(partition["Values"]).encode()) % total
