"""The Redshift Data API: statements and their answers. What a database holds is in redshift_metadata.py."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.base import Service, action
from local_aws.services.redshift_login import Doorkeeper
from local_aws.services.redshift_records import invalid, page
from local_aws.services.redshift_results import csv_text
from local_aws.services.redshift_statements import Statements
from local_aws.wire import AwsError, AwsRequest, Params

MOST_SQL = 100_000  # characters of one statement
MOST_BATCH = 40
SWEEP_SECONDS = 3600
_FINISHED, _CSV = "FINISHED", "CSV"


class RedshiftData(Service):
    """Execute, watch, cancel and read statements on a workgroup."""

    name: ClassVar[str] = "redshift-data"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.statements = Statements(ctx)
        self.doorkeeper = Doorkeeper(ctx)
        self.tokens = ctx.table("redshift.tokens")
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self.statements.resume)
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        if self._sweeping:
            self._sweeping.cancel()
        self.statements.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await asyncio.to_thread(self.statements.sweep)
            for token in [token for token, known in self.tokens.items() if known["id"] not in self.statements.records]:
                self.tokens.pop(token, None)

    @action("ExecuteStatement")
    async def execute_statement(self, request: AwsRequest) -> Params:
        return await asyncio.to_thread(self._submit, request.params, [request.params["Sql"]], is_batch=False)

    @action("BatchExecuteStatement")
    async def batch_execute_statement(self, request: AwsRequest) -> Params:
        sqls = request.params["Sqls"]
        if not 1 <= len(sqls) <= MOST_BATCH:
            raise invalid(f"A batch has 1 to {MOST_BATCH} statements, got {len(sqls)}.")
        return await asyncio.to_thread(self._submit, request.params, sqls, is_batch=True)

    def _submit(self, params: Params, sqls: list[str], *, is_batch: bool) -> Params:
        token = params.get("ClientToken")
        asked = {key: value for key, value in params.items() if key != "ClientToken"}
        if token and token in self.tokens:
            known = self.tokens[token]
            if known["asked"] != asked:
                raise invalid("The client token was used before with other parameters.")
            return _accepted(self.statements.get(known["id"]))
        if any(len(sql) > MOST_SQL for sql in sqls):
            raise invalid(f"A statement has at most {MOST_SQL} characters.")
        if params.get("SessionId") or params.get("SessionKeepAliveSeconds"):
            raise invalid("Sessions are not served here: leave SessionId and SessionKeepAliveSeconds out.")
        login = self.doorkeeper.admit(params)
        record = {key: params[key] for key in ("SecretArn", "StatementName", "WorkgroupName") if params.get(key)} | {
            "Database": login.schemas.database.name,
            "IsBatch": is_batch,
            "Sqls": sqls,
            "Parameters": params.get("Parameters") or [],
            "ResultFormat": params.get("ResultFormat") or "JSON",
            "WithEvent": bool(params.get("WithEvent")),
        }
        values = {parameter["name"]: parameter["value"] for parameter in record["Parameters"]}
        started = self.statements.start(record, login, values)
        if token:
            self.tokens[token] = {"id": started["Id"], "asked": asked}
        return _accepted(started)

    @action("DescribeStatement")
    async def describe_statement(self, request: AwsRequest) -> Params:
        record = self.statements.get(request.params["Id"])
        parts = record["Parts"]
        whole = {key: record[key] for key in _SHOWN if key in record}
        if record["Parameters"]:
            whole["QueryParameters"] = record["Parameters"]
        if not record["IsBatch"]:
            keys = ("QueryString", "Duration", "HasResultSet", "ResultRows", "ResultSize", "RedshiftQueryId")
            return whole | {key: parts[0][key] for key in keys}
        subs = [part | {"Id": f"{record['Id']}:{place}"} for place, part in enumerate(parts, 1)]
        took = sum(max(0, part["Duration"]) for part in parts)
        answers = any(part["HasResultSet"] for part in parts)
        summary = {"Duration": took, "HasResultSet": answers, "ResultRows": -1, "ResultSize": -1, "RedshiftQueryId": 0}
        return whole | summary | {"SubStatements": subs}

    @action("GetStatementResult")
    async def get_statement_result(self, request: AwsRequest) -> Params:
        statement = self._answered(request.params["Id"], "JSON")
        columns, rows, token = await asyncio.to_thread(
            self.statements.results.page, statement, request.params.get("NextToken")
        )
        answer = {"Records": rows, "ColumnMetadata": columns, "TotalNumRows": self._part(statement)["ResultRows"]}
        return answer | ({"NextToken": token} if token else {})

    @action("GetStatementResultV2")
    async def get_statement_result_v2(self, request: AwsRequest) -> Params:
        statement, at = self._answered(request.params["Id"], _CSV), request.params.get("NextToken")
        columns, rows, token = await asyncio.to_thread(self.statements.results.page, statement, at)
        answer = {
            "Records": [{"CSVRecords": csv_text(columns, rows, header=not at)}],
            "ColumnMetadata": columns,
            "TotalNumRows": self._part(statement)["ResultRows"],
            "ResultFormat": _CSV,
        }
        return answer | ({"NextToken": token} if token else {})

    def _answered(self, statement: str, wanted: str) -> str:
        """The id, when there is an answer to read in the format that this action gives."""
        record = self.statements.get(statement)
        if record["IsBatch"] and ":" not in statement:
            raise invalid("For a batch, name the statement: <id>:1 is the first one's answer.")
        part = self._part(statement)
        if record["Status"] != _FINISHED:
            raise AwsError("ResourceNotFoundException", f"Query is not finished: its status is {record['Status']}.")
        if not part["HasResultSet"]:
            raise AwsError("ResourceNotFoundException", "Query does not have result. Please check query status.")
        if record["ResultFormat"] != wanted:
            raise invalid(f"The statement was executed with ResultFormat {record['ResultFormat']}: read it as that.")
        return statement

    def _part(self, statement: str) -> Params:
        parts, (_, _, number) = self.statements.get(statement)["Parts"], statement.partition(":")
        place = int(number or 1) if (number or "1").isdecimal() else 0
        if not 1 <= place <= len(parts):
            raise AwsError("ResourceNotFoundException", f"Query does not exist: {statement}")
        part: Params = parts[place - 1]
        return part

    @action("CancelStatement")
    async def cancel_statement(self, request: AwsRequest) -> Params:
        await asyncio.to_thread(self.statements.cancel, request.params["Id"])
        return {"Status": True}

    @action("ListStatements")
    async def list_statements(self, request: AwsRequest) -> Params:
        params = request.params
        wanted, prefix = params.get("Status") or _FINISHED, params.get("StatementName") or ""
        fits = [
            record
            for record in await asyncio.to_thread(lambda: list(self.statements.records.values()))
            if "Status" in record
            and wanted in ("ALL", record["Status"])
            and record.get("StatementName", "").startswith(prefix)
            and all(params.get(key) in (None, record.get(key)) for key in ("Database", "WorkgroupName"))
        ]
        found, token = page(reversed(fits), params)
        return {"Statements": [_listed(record) for record in found]} | ({"NextToken": token} if token else {})


_SHOWN = ("Id", "SecretArn", "DbUser", "Database", "WorkgroupName", "Status", "Error", "CreatedAt", "UpdatedAt",
          "ResultFormat")  # fmt: skip


def _accepted(record: Params) -> Params:
    keys = ("Id", "CreatedAt", "Database", "DbUser", "SecretArn", "WorkgroupName")
    return {key: record[key] for key in keys if key in record}


def _listed(record: Params) -> Params:
    keys = ("Id", "SecretArn", "Status", "StatementName", "CreatedAt", "UpdatedAt", "ResultFormat")
    shown = {key: record[key] for key in keys if key in record} | {"IsBatchStatement": record["IsBatch"]}
    if record["Parameters"]:
        shown["QueryParameters"] = record["Parameters"]
    return shown | ({"QueryStrings": record["Sqls"]} if record["IsBatch"] else {"QueryString": record["Sqls"][0]})
