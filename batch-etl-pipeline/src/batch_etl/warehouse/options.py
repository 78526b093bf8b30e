"""The arguments of retail-warehouse-load as Glue passes them, read once into frozen, checked values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from batch_etl.errors import OptionError
from batch_etl.options import arguments

_RULES = {
    "project": (r"[a-z][a-z0-9-]{1,30}", "a lower-case name such as retail"),
    "lake_bucket": (r"[a-z0-9][a-z0-9.-]{2,62}", "a bucket name, no s3://"),
    "warehouse_host": (r"\S+", "a host name"),
    "warehouse_port": (r"[1-9]\d{0,4}", "a port"),
    "warehouse_database": (r"\w{1,63}", "a database's name"),
    "warehouse_secret_arn": (r"\S+", "the ARN or name of a secret"),
    "warehouse_ca": (r"s3://[^/]+/.+", "s3://<bucket>/<key> of a PEM file"),
    "run_id": (r"[\w.:-]{1,128}", "a name for the run"),
    "force": (r"true|false", "true or false"),
}


@dataclass(frozen=True)
class LoadOptions:
    """Everything the job is told. `ca` is an s3:// address of the PEM bundle that signed the warehouse's certificate.

    force: load every table, although the warehouse says that it has these snapshots already.
    """

    project: str
    lake_bucket: str
    host: str
    port: int
    database: str
    secret_arn: str
    ca: str
    run_id: str
    force: bool

    @property
    def gold(self) -> str:
        return f"{self.project}_gold"

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> LoadOptions:
        """From `sys.argv` of a Glue job; arguments that are Glue's own are passed over. Raises OptionError."""
        given = {"warehouse_port": "5432", "force": "false"} | arguments(argv)
        given.setdefault("run_id", given.get("JOB_RUN_ID", ""))
        read = {name: _checked(name, given.get(name)) for name in _RULES}
        return cls(
            project=read["project"],
            lake_bucket=read["lake_bucket"],
            host=read["warehouse_host"],
            port=int(read["warehouse_port"]),
            database=read["warehouse_database"],
            secret_arn=read["warehouse_secret_arn"],
            ca=read["warehouse_ca"],
            run_id=read["run_id"],
            force=read["force"] == "true",
        )


def _checked(name: str, value: str | None) -> str:
    pattern, meaning = _RULES[name]
    if not value:
        raise OptionError(name, None, "Pass it to the job; Terraform sets it in the job's default arguments.")
    if not re.fullmatch(pattern, value):
        raise OptionError(name, value, f"Give {meaning}.")
    return value
