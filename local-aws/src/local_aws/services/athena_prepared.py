"""Prepared statements of a workgroup: by API, and by PREPARE, EXECUTE and DEALLOCATE PREPARE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.athena_tables import CatalogError
from local_aws.services.athena_text import Statement, parts_of
from local_aws.services.athena_workgroups import Workgroups, invalid
from local_aws.services.base import Service, action
from local_aws.store import Table
from local_aws.wire import AwsError, AwsRequest, Params


@dataclass(frozen=True)
class PreparedStatements:
    """Stored as workgroup/name."""

    records: Table

    def get(self, workgroup: str, name: str) -> Params:
        key = f"{workgroup}/{name}"
        if key not in self.records:
            raise AwsError(
                "ResourceNotFoundException", f"Prepared Statement {name} was not found in workGroup {workgroup}"
            )
        return self.records[key]

    def put(self, workgroup: str, name: str, query: str, description: str = "") -> None:
        self.records[f"{workgroup}/{name}"] = {
            "StatementName": name,
            "QueryStatement": query,
            "WorkGroupName": workgroup,
            "Description": description,
            "LastModifiedTime": datetime.now(UTC),
        }

    def delete(self, workgroup: str, name: str) -> None:
        self.get(workgroup, name)
        del self.records[f"{workgroup}/{name}"]

    def of(self, workgroup: str) -> list[Params]:
        return [self.records[key] for key in self.records if key.startswith(f"{workgroup}/")]

    def resolve(self, statement: Statement, workgroup: str, parameters: list[str]) -> tuple[Statement, list[str]]:
        """EXECUTE name USING … becomes the prepared statement and its parameters."""
        if statement.words[0] != "EXECUTE":
            return statement, parameters
        prepared = self.get(workgroup, statement.tokens[1].text)
        using = statement.find("USING")
        given = parts_of(statement.text_from(using + 1)) if using > 0 else parameters
        return Statement.read(prepared["QueryStatement"]), given

    def run(self, statement: Statement, workgroup: str) -> bool:
        """Do PREPARE name FROM … or DEALLOCATE PREPARE name; False when the statement is neither."""
        if statement.words[0] == "PREPARE" and statement.words[2:3] == ["FROM"]:
            name = statement.tokens[1].text
            if f"{workgroup}/{name}" in self.records:
                raise CatalogError(f"Prepared Statement {name} already exists in workGroup {workgroup}")
            self.put(workgroup, name, statement.text_from(3))
            return True
        if statement.starts("DEALLOCATE", "PREPARE"):
            self.delete(workgroup, statement.tokens[2].text)
            return True
        return False


class AthenaPreparedStatements(Service):
    """The API of prepared statements."""

    name: ClassVar[str] = "athena"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.groups = Workgroups.of(ctx)
        self.prepared = PreparedStatements(ctx.table("athena.prepared"))

    @action("CreatePreparedStatement")
    async def create(self, request: AwsRequest) -> Params:
        workgroup, name = self._named(request)
        if f"{workgroup}/{name}" in self.prepared.records:
            raise invalid(f"Prepared Statement {name} already exists in workGroup {workgroup}")
        self.prepared.put(workgroup, name, request.params["QueryStatement"], request.params.get("Description", ""))
        return {}

    @action("UpdatePreparedStatement")
    async def update(self, request: AwsRequest) -> Params:
        workgroup, name = self._named(request)
        self.prepared.get(workgroup, name)
        self.prepared.put(workgroup, name, request.params["QueryStatement"], request.params.get("Description", ""))
        return {}

    @action("GetPreparedStatement")
    async def get(self, request: AwsRequest) -> Params:
        return {"PreparedStatement": self.prepared.get(*self._named(request))}

    @action("BatchGetPreparedStatement")
    async def batch_get(self, request: AwsRequest) -> Params:
        workgroup = self.groups.get(request.params["WorkGroup"])["Name"]
        found = {entry["StatementName"]: entry for entry in self.prepared.of(workgroup)}
        names = request.params["PreparedStatementNames"]
        missing = [
            {"StatementName": name, "ErrorCode": "STATEMENT_NOT_FOUND", "ErrorMessage": f"{name} was not found"}
            for name in names
            if name not in found
        ]
        known = [found[name] for name in names if name in found]
        return {"PreparedStatements": known, "UnprocessedPreparedStatementNames": missing}

    @action("ListPreparedStatements")
    async def list_all(self, request: AwsRequest) -> Params:
        workgroup = self.groups.get(request.params["WorkGroup"])["Name"]
        kept = ("StatementName", "LastModifiedTime")
        return {"PreparedStatements": [{key: entry[key] for key in kept} for entry in self.prepared.of(workgroup)]}

    @action("DeletePreparedStatement")
    async def delete(self, request: AwsRequest) -> Params:
        self.prepared.delete(*self._named(request))
        return {}

    def _named(self, request: AwsRequest) -> tuple[str, str]:
        return self.groups.get(request.params["WorkGroup"])["Name"], request.params["StatementName"]
