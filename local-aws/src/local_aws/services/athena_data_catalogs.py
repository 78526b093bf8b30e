"""Data catalogs, and the databases and tables of AwsDataCatalog, which is the Glue catalog."""

from __future__ import annotations

import asyncio
import re
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.services.athena_tables import columns_of
from local_aws.services.athena_workgroups import invalid
from local_aws.services.base import Service, action
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import AwsError, AwsRequest, Params

AWS_DATA_CATALOG: Params = {"Name": "AwsDataCatalog", "Type": "GLUE", "Status": "CREATE_COMPLETE"}


class AthenaDataCatalogs(Service):
    """Catalogs besides AwsDataCatalog are kept, not queried."""

    name: ClassVar[str] = "athena"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.catalogs = ctx.table("athena.data_catalogs")
        self.tags = ctx.table("athena.tags")

    @action("CreateDataCatalog")
    async def create(self, request: AwsRequest) -> Params:
        name = request.params["Name"]
        if name in self.catalogs or name.lower() == "awsdatacatalog":
            raise invalid(f"DataCatalog {name} has already been created")
        kept = {
            key: request.params[key] for key in ("Name", "Type", "Description", "Parameters") if key in request.params
        }
        self.catalogs[name] = kept | {"Status": "CREATE_COMPLETE"}
        given = {tag["Key"]: tag["Value"] for tag in request.params.get("Tags") or []}
        self.tags[f"arn:aws:athena:{REGION}:{ACCOUNT}:datacatalog/{name}"] = given
        return {"DataCatalog": self.catalogs[name]}

    @action("GetDataCatalog")
    async def get(self, request: AwsRequest) -> Params:
        return {"DataCatalog": self._named(request.params["Name"])}

    @action("ListDataCatalogs")
    async def list_all(self, request: AwsRequest) -> Params:
        found = [AWS_DATA_CATALOG, *(self.catalogs[name] for name in self.catalogs)]
        summary = [{"CatalogName": c["Name"], "Type": c["Type"], "Status": c["Status"]} for c in found]
        return {"DataCatalogsSummary": summary}

    @action("UpdateDataCatalog")
    async def update(self, request: AwsRequest) -> Params:
        self._named(request.params["Name"])
        changes = {key: request.params[key] for key in ("Type", "Description", "Parameters") if key in request.params}
        self.catalogs.update_fields(request.params["Name"], **changes)
        return {}

    @action("DeleteDataCatalog")
    async def delete(self, request: AwsRequest) -> Params:
        found = self._named(request.params["Name"])
        if found is AWS_DATA_CATALOG:
            raise invalid("AwsDataCatalog cannot be deleted")
        del self.catalogs[found["Name"]]
        self.tags.pop(f"arn:aws:athena:{REGION}:{ACCOUNT}:datacatalog/{found['Name']}", None)
        return {"DataCatalog": found}

    def _named(self, name: str) -> Params:
        if name.lower() == "awsdatacatalog":
            return AWS_DATA_CATALOG
        if name not in self.catalogs:
            raise invalid(f"DataCatalog {name} was not found")
        return self.catalogs[name]

    @action("GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata")
    async def catalog(self, request: AwsRequest) -> Params:
        return await asyncio.to_thread(_from_catalog, self.ctx.client("glue"), request)


def _from_catalog(glue: Any, request: AwsRequest) -> Params:
    params = request.params
    if params.get("CatalogName", "AwsDataCatalog").lower() != "awsdatacatalog":
        raise AwsError("MetadataException", f"Catalog {params['CatalogName']} was not found")
    try:
        match request.action:
            case "GetDatabase":
                return {"Database": _database(glue.get_database(Name=params["DatabaseName"].lower())["Database"])}
            case "ListDatabases":
                pages = glue.get_paginator("get_databases").paginate()
                return {"DatabaseList": [_database(found) for page in pages for found in page["DatabaseList"]]}
            case "GetTableMetadata":
                found = glue.get_table(DatabaseName=params["DatabaseName"].lower(), Name=params["TableName"].lower())
                return {"TableMetadata": _table(found["Table"])}
        pages = glue.get_paginator("get_tables").paginate(DatabaseName=params["DatabaseName"].lower())
        found = [_table(table) for page in pages for table in page["TableList"]]
        wanted = re.compile(params.get("Expression") or ".*")
        return {"TableMetadataList": [table for table in found if wanted.fullmatch(table["Name"])]}
    except glue.exceptions.EntityNotFoundException as error:
        raise AwsError("MetadataException", error.response["Error"]["Message"]) from error


def _database(found: Params) -> Params:
    return {
        "Name": found["Name"],
        "Description": found.get("Description", ""),
        "Parameters": found.get("Parameters", {}),
    }


def _table(found: Params) -> Params:
    storage = found.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    parameters = dict(found.get("Parameters", {})) | {
        "location": storage.get("Location", ""),
        "inputformat": storage.get("InputFormat", ""),
        "outputformat": storage.get("OutputFormat", ""),
        "serde.serialization.lib": serde.get("SerializationLibrary", ""),
    }
    return {
        "Name": found["Name"],
        "CreateTime": found.get("CreateTime"),
        "TableType": found.get("TableType", ""),
        "Columns": [_column(column) for column in columns_of({"StorageDescriptor": storage})],
        "PartitionKeys": [_column(column) for column in found.get("PartitionKeys", [])],
        "Parameters": parameters,
    }


def _column(column: Params) -> Params:
    return {key: column[key] for key in ("Name", "Type", "Comment") if key in column}
