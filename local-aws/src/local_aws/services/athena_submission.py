"""An accepted query: what to run, for whom, and where its answer goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from local_aws.services.athena_results import Destination
from local_aws.services.athena_text import Statement
from local_aws.wire import Params

ENGINE_VERSION = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}


@dataclass(frozen=True)
class Submission:
    """One query with what its workgroup decided."""

    statement: Statement
    query: str
    database: str
    workgroup: str
    output: str  # s3://bucket/folder/
    result_configuration: Params = field(default_factory=dict)
    enforced: bool = False
    byte_limit: int | None = None
    parameters: list[str] = field(default_factory=list)
    reuse: Params = field(default_factory=lambda: {"ResultReuseByAgeConfiguration": {"Enabled": False}})

    def destination(self, query_id: str) -> Destination:
        return Destination(query_id, self.output_file(query_id), self._encryption)

    @property
    def _encryption(self) -> dict[str, str]:
        """EncryptionConfiguration as arguments of PutObject."""
        configuration = self.result_configuration.get("EncryptionConfiguration") or {}
        match configuration.get("EncryptionOption"):
            case "SSE_KMS":
                return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": configuration["KmsKey"]}
            case "SSE_S3":
                return {"ServerSideEncryption": "AES256"}
        return {}

    def output_file(self, query_id: str) -> str:
        """Athena's names: .csv for queries, tables/<id> for CREATE TABLE AS, <id> for what writes, else .txt."""
        kind, detail = self.statement.kind
        if detail == "CREATE_TABLE_AS_SELECT":
            return f"{self.output}tables/{query_id}"
        if kind != "DML":
            return f"{self.output}{query_id}.txt"
        return f"{self.output}{query_id}.csv" if detail == "SELECT" else f"{self.output}{query_id}"

    def record(self, query_id: str) -> Params:
        """QueryExecution as it looks from the first moment on, without its state."""
        kind, detail = self.statement.kind
        configuration = self.result_configuration | {"OutputLocation": self.output_file(query_id)}
        return {
            "QueryExecutionId": query_id,
            "Query": self.query,
            "StatementType": kind,
            "SubstatementType": detail,
            "ResultConfiguration": configuration,
            "ResultReuseConfiguration": self.reuse,
            "QueryExecutionContext": {"Database": self.database, "Catalog": "awsdatacatalog"},
            "WorkGroup": self.workgroup,
            "EngineVersion": ENGINE_VERSION,
        } | ({"ExecutionParameters": self.parameters} if self.parameters else {})
