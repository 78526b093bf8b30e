"""The arguments of retail-file-ingest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batch_etl.errors import OptionError
from batch_etl.options import arguments


@dataclass(frozen=True)
class IngestOptions:
    project: str
    landing_bucket: str
    lake_bucket: str
    ledger_table: str
    publish_lock_table: str
    run_id: str

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> IngestOptions:
        """From `sys.argv` of a Glue job. Raises OptionError."""
        given = arguments(argv)
        values = {name: given.get(name, "") for name in cls.__dataclass_fields__}
        if missing := [name for name, value in values.items() if not value]:
            remedy = "Terraform sets all but --run_id, which the state machine gives."
            raise OptionError(missing[0], None, remedy)
        return cls(**values)
