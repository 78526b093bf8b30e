"""Named (saved) queries."""

from __future__ import annotations

import uuid
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.athena_workgroups import Workgroups, invalid, page
from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params


class AthenaNamedQueries(Service):
    """Create, read, change and delete saved queries."""

    name: ClassVar[str] = "athena"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.groups = Workgroups.of(ctx)
        self.named = ctx.table("athena.named_queries")

    @action("CreateNamedQuery")
    async def create_named_query(self, request: AwsRequest) -> Params:
        params = request.params
        workgroup = self.groups.get(params.get("WorkGroup") or "primary")["Name"]
        query_id = str(uuid.uuid4())
        keep = {key: params[key] for key in ("Name", "Description", "Database", "QueryString") if key in params}
        self.named[query_id] = keep | {"NamedQueryId": query_id, "WorkGroup": workgroup}
        return {"NamedQueryId": query_id}

    @action("GetNamedQuery")
    async def get_named_query(self, request: AwsRequest) -> Params:
        return {"NamedQuery": self._named(request.params["NamedQueryId"])}

    @action("BatchGetNamedQuery")
    async def batch_get_named_query(self, request: AwsRequest) -> Params:
        ids = request.params["NamedQueryIds"]
        missing = [{"NamedQueryId": key, "ErrorCode": "INVALID_QUERY_ID"} for key in ids if key not in self.named]
        return {
            "NamedQueries": [self.named[key] for key in ids if key in self.named],
            "UnprocessedNamedQueryIds": missing,
        }

    @action("ListNamedQueries")
    async def list_named_queries(self, request: AwsRequest) -> Params:
        workgroup = self.groups.get(request.params.get("WorkGroup") or "primary")["Name"]
        ids = [key for key in self.named if self.named[key]["WorkGroup"] == workgroup]
        found, more = page(ids, request.params)
        return {"NamedQueryIds": found} | more

    @action("UpdateNamedQuery")
    async def update_named_query(self, request: AwsRequest) -> Params:
        params = request.params
        self._named(params["NamedQueryId"])
        changes = {key: params[key] for key in ("Name", "Description", "QueryString") if key in params}
        self.named.update_fields(params["NamedQueryId"], **changes)
        return {}

    @action("DeleteNamedQuery")
    async def delete_named_query(self, request: AwsRequest) -> Params:
        self._named(request.params["NamedQueryId"])
        del self.named[request.params["NamedQueryId"]]
        return {}

    def _named(self, query_id: str) -> Params:
        if query_id not in self.named:
            raise invalid(f"NamedQuery {query_id} was not found")
        return self.named[query_id]
