"""Athena's workgroups, and the tags of everything that Athena tags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from local_aws.context import Context
from local_aws.services.athena_submission import ENGINE_VERSION
from local_aws.services.base import Service, action
from local_aws.settings import ACCOUNT, REGION
from local_aws.store import Table
from local_aws.wire import AwsError, AwsRequest, Params

PRIMARY: Params = {
    "Name": "primary",
    "State": "ENABLED",
    "Description": "",
    "Configuration": {
        "ResultConfiguration": {},
        "EnforceWorkGroupConfiguration": False,
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "EngineVersion": ENGINE_VERSION,
    },
}
_MINIMUM_CUTOFF = 10_000_000


def invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)


@dataclass(frozen=True)
class Workgroups:
    """The stored workgroups; primary is always there."""

    records: Table

    @classmethod
    def of(cls, ctx: Context) -> Workgroups:
        return cls(ctx.table("athena.workgroups"))

    def get(self, name: str) -> Params:
        found: Params | None = self.records.get(name) or (PRIMARY if name == "primary" else None)
        if found is None:
            raise invalid(f"WorkGroup {name} is not found.")
        return found

    def enabled(self, name: str) -> Params:
        workgroup = self.get(name)
        if workgroup["State"] != "ENABLED":
            raise invalid(f"WorkGroup {name} is disabled.")
        return workgroup


class AthenaWorkgroups(Service):
    """Create, read, change and delete what is stored."""

    name: ClassVar[str] = "athena"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.groups = Workgroups.of(ctx)
        self.named = ctx.table("athena.named_queries")
        self.prepared = ctx.table("athena.prepared")
        self.executions = ctx.table("athena.executions")
        self.tags = ctx.table("athena.tags")

    @action("CreateWorkGroup")
    async def create_work_group(self, request: AwsRequest) -> Params:
        params = request.params
        if params["Name"] in self.groups.records or params["Name"] == "primary":
            raise invalid("WorkGroup is already created")
        defaults = PRIMARY["Configuration"] | {
            "EnforceWorkGroupConfiguration": True,
            "PublishCloudWatchMetricsEnabled": True,
        }
        configuration = _checked(defaults | (params.get("Configuration") or {}))
        self.groups.records[params["Name"]] = {
            "Name": params["Name"],
            "State": "ENABLED",
            "Description": params.get("Description", ""),
            "CreationTime": datetime.now(UTC),
            "Configuration": configuration,
        }
        self.tags[_arn(f"workgroup/{params['Name']}")] = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or []}
        return {}

    @action("GetWorkGroup")
    async def get_work_group(self, request: AwsRequest) -> Params:
        return {"WorkGroup": self.groups.get(request.params["WorkGroup"])}

    @action("ListWorkGroups")
    async def list_work_groups(self, request: AwsRequest) -> Params:
        names = ["primary", *(name for name in self.groups.records if name != "primary")]
        keep = ("Name", "State", "Description", "CreationTime")
        found = [{key: group[key] for key in keep if key in group} for group in map(self.groups.get, names)]
        groups = [group | {"EngineVersion": ENGINE_VERSION} for group in found]
        return {"WorkGroups": groups}

    @action("UpdateWorkGroup")
    async def update_work_group(self, request: AwsRequest) -> Params:
        params = request.params
        group = dict(self.groups.get(params["WorkGroup"]))
        group |= {key: params[key] for key in ("State", "Description") if key in params}
        group["Configuration"] = _checked(_updated(group["Configuration"], params.get("ConfigurationUpdates") or {}))
        self.groups.records[params["WorkGroup"]] = group
        return {}

    @action("DeleteWorkGroup")
    async def delete_work_group(self, request: AwsRequest) -> Params:
        name = request.params["WorkGroup"]
        if name == "primary":
            raise invalid("The primary workgroup can't be deleted")
        self.groups.get(name)
        queries = [key for key in self.named if self.named[key]["WorkGroup"] == name]
        statements = [key for key in self.prepared if key.startswith(f"{name}/")]
        ran = (key for key in self.executions if self.executions[key]["WorkGroup"] == name)
        if not request.params.get("RecursiveDeleteOption") and (queries or statements or next(ran, None)):
            raise invalid(f"WorkGroup {name} is not empty")
        for table, keys in ((self.named, queries), (self.prepared, statements)):
            for key in keys:
                del table[key]
        del self.groups.records[name]
        self.tags.pop(_arn(f"workgroup/{name}"), None)
        return {}

    @action("TagResource")
    async def tag_resource(self, request: AwsRequest) -> Params:
        arn = request.params["ResourceARN"]
        added = {tag["Key"]: tag["Value"] for tag in request.params["Tags"]}
        self.tags[arn] = self.tags.get(arn, {}) | added
        return {}

    @action("UntagResource")
    async def untag_resource(self, request: AwsRequest) -> Params:
        arn, gone = request.params["ResourceARN"], set(request.params["TagKeys"])
        self.tags[arn] = {key: value for key, value in self.tags.get(arn, {}).items() if key not in gone}
        return {}

    @action("ListTagsForResource")
    async def list_tags_for_resource(self, request: AwsRequest) -> Params:
        tags = self.tags.get(request.params["ResourceARN"], {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def page(items: list[str], params: Params, most: int = 50) -> tuple[list[str], Params]:
    """(this page, {"NextToken": …} when there are more); the token is a place."""
    start, size = int(params.get("NextToken") or 0), params.get("MaxResults") or most
    return items[start : start + size], {"NextToken": str(start + size)} if start + size < len(items) else {}


def _updated(configuration: Params, updates: Params) -> Params:
    """ConfigurationUpdates: named members replace, Remove… flags delete."""
    changed = dict(configuration)
    for key, value in updates.items():
        if key == "ResultConfigurationUpdates":
            result = dict(changed.get("ResultConfiguration") or {})
            for name, new in value.items():
                if name.startswith("Remove") and new:
                    result.pop(name.removeprefix("Remove"), None)
                elif not name.startswith("Remove"):
                    result[name] = new
            changed["ResultConfiguration"] = result
        elif key == "RemoveBytesScannedCutoffPerQuery":
            changed.pop("BytesScannedCutoffPerQuery", None)
        else:
            changed[key] = value
    return changed


def _checked(configuration: Params) -> Params:
    cutoff = configuration.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and cutoff < _MINIMUM_CUTOFF:
        raise invalid(f"BytesScannedCutoffPerQuery must be at least {_MINIMUM_CUTOFF}, got {cutoff}")
    return configuration | {"EngineVersion": _engine(configuration.get("EngineVersion") or {})}


def _engine(given: Params) -> Params:
    """What was selected stays selected; AUTO and version 3 both run on version 3."""
    selected = given.get("SelectedEngineVersion", ENGINE_VERSION["SelectedEngineVersion"])
    if selected not in ENGINE_VERSION.values():
        raise invalid(f"Engine version {selected} is not supported.")
    return ENGINE_VERSION | {"SelectedEngineVersion": selected}


def _arn(resource: str) -> str:
    return f"arn:aws:athena:{REGION}:{ACCOUNT}:{resource}"
