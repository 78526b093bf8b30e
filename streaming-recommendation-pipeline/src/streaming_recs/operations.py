"""What people and schedules do with model versions: load, switch, roll back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streaming_recs.adapters import loader
from streaming_recs.adapters.model_store import ModelStore
from streaming_recs.errors import ModelMissingError, SettingsError

if TYPE_CHECKING:
    from psycopg import Connection


@dataclass(frozen=True)
class Platform:
    """Where things are, as Terraform wrote it to SSM; `aws` makes a client for a service's name."""

    project: str
    environment: Mapping[str, str]
    aws: Any

    def parameters(self, *names: str) -> list[str]:
        """Values of /<project>/<name>; raises SettingsError when one is missing."""
        paths = [f"/{self.project}/{name}" for name in names]
        found = {p["Name"]: p["Value"] for p in self.aws("ssm").get_parameters(Names=paths)["Parameters"]}
        if missing := [path for path in paths if path not in found]:
            raise SettingsError(
                f"SSM has no parameter {', '.join(missing)}.",
                "Apply streaming-recommendation-pipeline/terraform first, and do `make env` in this shell.",
            )
        return [found[path] for path in paths]

    def connect(self) -> Connection[Any]:
        """The vector database as its loader, through the tunnel of VECTOR_DB_URL when there is one."""
        import psycopg  # noqa: PLC0415 - `retail --help` needs no driver
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

        host, port, database, secret = self.parameters(
            "vector-db/endpoint", "vector-db/port", "vector-db/database", "vector-db/loader_secret_arn"
        )
        direct = {
            "host": host.partition(":")[0], "port": port, "dbname": database, "sslmode": "verify-full",
            "sslrootcert": self.environment.get("SOURCE_CA", "system"),
        }  # fmt: skip
        through = conninfo_to_dict(self.environment.get("VECTOR_DB_URL", ""))
        login = json.loads(self.aws("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        return psycopg.connect(
            **direct | through | {"user": login["username"], "password": login["password"]},
            autocommit=True, connect_timeout=10, application_name="retail",
        )  # fmt: skip

    def models(self) -> ModelStore:
        """The lake's model store."""
        return ModelStore(self.aws("s3"), self.lake_bucket())

    def lake_bucket(self) -> str:
        """LAKE_BUCKET of `make env`, or what SSM says."""
        return self.environment.get("LAKE_BUCKET") or self.parameters("lake/lake_bucket")[0]


def load_version(
    connection: Connection[Any], models: ModelStore, version: str | None, *, make_live: bool, reason: str
) -> loader.Loaded:
    """Load a published version (None: the one that passed the promotion gate last) from the lake, and make it live.

    What an earlier call has done already is left as it is, so that a call that was cut off can be made again.
    """
    name = version or models.current()
    if name is None:
        raise ModelMissingError("The lake holds no model version.", "Run the job retail-train-embeddings.")
    loaded = loader.loaded(connection, name) or loader.load(connection, models.load(name))
    if make_live and loader.live(connection) != name:
        switch_version(connection, models, name, reason=reason)
    return loaded


def switch_version(connection: Connection[Any], models: ModelStore, version: str, *, reason: str) -> str | None:
    """Make a loaded version live; returns the one before. Versions that nobody will return to are dropped."""
    previous = loader.switch(connection, version, reason)
    models.note_live(version, previous)
    loader.prune(connection)
    return previous


def rollback(connection: Connection[Any], models: ModelStore, *, reason: str) -> str:
    """Return to the version that was live before; returns its name."""
    version = loader.rollback(connection, reason)
    models.note_live(version, None)
    return version
