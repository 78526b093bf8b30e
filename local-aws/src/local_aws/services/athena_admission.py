"""StartQueryExecution's decisions: which workgroup, whose output location, whether the query can be read at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.services.athena_results import split
from local_aws.services.athena_submission import Submission
from local_aws.services.athena_text import Statement
from local_aws.services.athena_work import Worker
from local_aws.services.athena_workgroups import Workgroups, invalid
from local_aws.wire import Params


@dataclass(frozen=True)
class Admission:
    """Blocking. Raises AwsError as Athena refuses."""

    workgroups: Workgroups
    worker: Worker
    s3: Any

    def submission(self, params: Params) -> Submission:
        workgroup = self.workgroups.enabled(params.get("WorkGroup") or "primary")
        configuration = workgroup.get("Configuration", {})
        enforced = bool(configuration.get("EnforceWorkGroupConfiguration"))
        context = params.get("QueryExecutionContext") or {}
        _check_catalog(context.get("Catalog") or "AwsDataCatalog")
        database = str(context.get("Database") or "default").lower()
        written = Statement.read(params["QueryString"])
        statement, parameters = self.worker.prepared.resolve(
            written, workgroup["Name"], params.get("ExecutionParameters") or []
        )
        results = self._result_configuration(params, configuration, enforced=enforced)
        self.worker.check(statement, database)
        extra = {"reuse": params["ResultReuseConfiguration"]} if "ResultReuseConfiguration" in params else {}
        return Submission(
            statement=statement,
            query=params["QueryString"],
            database=database,
            workgroup=workgroup["Name"],
            output=results["OutputLocation"].rstrip("/") + "/",
            result_configuration=results,
            enforced=enforced,
            byte_limit=configuration.get("BytesScannedCutoffPerQuery"),
            parameters=parameters,
            **extra,
        )

    def _result_configuration(self, params: Params, configuration: Params, *, enforced: bool) -> Params:
        of_group: Params = configuration.get("ResultConfiguration") or {}
        of_query: Params = params.get("ResultConfiguration") or {}
        chosen = of_group if enforced and of_group.get("OutputLocation") else of_group | of_query
        location = chosen.get("OutputLocation")
        if not location:
            raise invalid(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input."
            )
        if not location.startswith("s3://"):
            raise invalid(f"outputLocation is not a valid S3 path: {location}")
        bucket = split(location)[0]
        try:
            self.s3.head_bucket(Bucket=bucket)
        except (BotoCoreError, ClientError) as error:
            raise invalid(f"Unable to verify/create output bucket {bucket}") from error
        return dict(chosen)


def _check_catalog(name: str) -> None:
    if name.lower() != "awsdatacatalog":
        raise invalid(f"Catalog {name} cannot be queried: only AwsDataCatalog can")
