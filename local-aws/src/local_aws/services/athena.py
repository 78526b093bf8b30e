"""Athena's query executions on Trino. Workgroups, named queries and prepared statements are in athena_workgroups.py."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.athena_admission import Admission
from local_aws.services.athena_executions import Executions
from local_aws.services.athena_results import PAGE
from local_aws.services.athena_workgroups import Workgroups, page
from local_aws.services.base import Service, action
from local_aws.wire import AwsError, AwsRequest, Params


class AthenaQueries(Service):
    """Start, watch, stop and read queries."""

    name: ClassVar[str] = "athena"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.executions = Executions(ctx)
        self.workgroups = Workgroups.of(ctx)
        self.admission = Admission(self.workgroups, self.executions.worker, ctx.client("s3"))
        self.tokens = ctx.table("athena.tokens")

    async def start(self) -> None:
        await asyncio.to_thread(self.executions.resume)

    async def stop(self) -> None:
        self.executions.close()

    @action("StartQueryExecution")
    async def start_query_execution(self, request: AwsRequest) -> Params:
        token = request.params.get("ClientRequestToken")
        asked = {key: value for key, value in request.params.items() if key != "ClientRequestToken"}
        if token and token in self.tokens:
            known = self.tokens[token]
            if known["asked"] != asked:
                raise AwsError("InvalidRequestException", "Idempotent parameters do not match")
            return {"QueryExecutionId": known["id"]}
        query_id = await asyncio.to_thread(self._begin, asked)
        if token:
            self.tokens[token] = {"id": query_id, "asked": asked}
        return {"QueryExecutionId": query_id}

    def _begin(self, asked: Params) -> str:
        submission = self.admission.submission(asked)
        self.executions.trino.start()
        return self.executions.start(submission)

    @action("GetQueryExecution")
    async def get_query_execution(self, request: AwsRequest) -> Params:
        return {"QueryExecution": self.executions.get(request.params["QueryExecutionId"])}

    @action("BatchGetQueryExecution")
    async def batch_get_query_execution(self, request: AwsRequest) -> Params:
        ids = request.params["QueryExecutionIds"]
        known = [query_id for query_id in ids if query_id in self.executions.records]
        missing = [
            {"QueryExecutionId": query_id, "ErrorCode": "INVALID_QUERY_EXECUTION_ID", "ErrorMessage": "was not found"}
            for query_id in ids
            if query_id not in known
        ]
        found = [self.executions.get(query_id) for query_id in known]
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    @action("ListQueryExecutions")
    async def list_query_executions(self, request: AwsRequest) -> Params:
        workgroup = self.workgroups.get(request.params.get("WorkGroup") or "primary")["Name"]
        records = self.executions.records
        ids = [query_id for query_id in reversed(list(records)) if records[query_id]["WorkGroup"] == workgroup]
        found, more = page(ids, request.params)
        return {"QueryExecutionIds": found} | more

    @action("StopQueryExecution")
    async def stop_query_execution(self, request: AwsRequest) -> Params:
        await asyncio.to_thread(self.executions.stop, request.params["QueryExecutionId"])
        return {}

    @action("GetQueryResults")
    async def get_query_results(self, request: AwsRequest) -> Params:
        query_id = request.params["QueryExecutionId"]
        record = self.executions.get(query_id)
        _refuse_unfinished(record)
        results, size = self.executions.results, request.params.get("MaxResults") or PAGE
        if not 1 <= size <= PAGE:
            raise AwsError("InvalidRequestException", f"MaxResults is more than maximum allowed length {PAGE}.")
        rows, token = await asyncio.to_thread(results.page, query_id, request.params.get("NextToken"), size)
        location = record["ResultConfiguration"]["OutputLocation"]
        if rows and not await asyncio.to_thread(results.exists, location):
            raise AwsError("InvalidRequestException", f"Could not find results at {location}")
        data = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
        answer: Params = {
            "UpdateCount": self.executions.runtime.get(query_id, {}).get("updateCount", 0),
            "ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": results.columns(query_id)}},
        }
        return answer | ({"NextToken": token} if token else {})

    @action("GetQueryRuntimeStatistics")
    async def get_query_runtime_statistics(self, request: AwsRequest) -> Params:
        query_id = request.params["QueryExecutionId"]
        statistics = self.executions.get(query_id)["Statistics"]
        known = self.executions.runtime.get(query_id, {})
        timeline = {name: value for name, value in statistics.items() if name.endswith("InMillis")}
        stats = known.get("stats") or {}
        rows = {"InputBytes": statistics.get("DataScannedInBytes", 0), "InputRows": stats.get("processedRows", 0)}
        if known.get("outputRows") is not None:
            rows["OutputRows"] = known["outputRows"]
        found: Params = {"Timeline": timeline, "Rows": rows}
        if root := stats.get("rootStage"):
            found["OutputStage"] = _stage(root)
        return {"QueryRuntimeStatistics": found}


def _refuse_unfinished(record: Params) -> None:
    status = record["Status"]
    if status["State"] in ("QUEUED", "RUNNING"):
        message = f"Query has not yet finished. Current state: {status['State']}"
        raise AwsError("InvalidRequestException", message)
    if status["State"] != "SUCCEEDED":
        raise AwsError(
            "InvalidRequestException",
            f"Query did not finish successfully. Final query state: {status['State']}",
        )


def _stage(stage: Params) -> Params:
    """QueryStage from Trino's stage statistics."""
    return {
        "StageId": int(stage["stageId"]),
        "State": stage["state"],
        "InputRows": stage.get("processedRows", 0),
        "InputBytes": stage.get("processedBytes", 0),
        "ExecutionTime": stage.get("wallTimeMillis", 0),
        "SubStages": [_stage(sub) for sub in stage.get("subStages", [])],
    }
