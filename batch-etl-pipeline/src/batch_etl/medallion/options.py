"""The two jobs' arguments as Glue passes them, read once into frozen, checked values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batch_etl.errors import OptionError
from batch_etl.options import arguments
from batch_etl.sources.api.fields import Fields

_BUCKET = (r"[a-z0-9][a-z0-9.-]{2,62}", "a bucket name, no s3://")
_RULES = {
    "project": (r"[a-z][a-z0-9-]{1,30}", "a lower-case name such as retail"),
    "lake_bucket": _BUCKET,
    "landing_bucket": _BUCKET,
    "store_id": (r"\S(.{0,62}\S)?", "the name of a store, such as online"),
    "publish_lock_table": (r"[\w.-]{3,255}", "a DynamoDB table"),
    "run_id": (r"[\w.:-]{1,128}", "a name for the run"),
}


@dataclass(frozen=True)
class MedallionOptions:
    """What both jobs are told."""

    project: str
    lake_bucket: str
    run_id: str

    def database(self, layer: str) -> str:
        return f"{self.project}_{layer}"


@dataclass(frozen=True)
class SilverOptions(MedallionOptions):
    """retail-bronze-to-silver. `store_id`: the store of transactions whose API names none."""

    landing_bucket: str
    fields: Fields
    store_id: str

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> SilverOptions:
        """From `sys.argv`; arguments that are Glue's own are passed over. Raises OptionError."""
        given = {"store_id": "online", "api_fields": "{}"} | _given(argv)
        names = ("project", "lake_bucket", "run_id", "landing_bucket", "store_id")
        return cls(**_checked(given, *names), fields=Fields.from_json(given["api_fields"]))


@dataclass(frozen=True)
class GoldOptions(MedallionOptions):
    """retail-silver-to-gold."""

    publish_lock_table: str

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> GoldOptions:
        """As `SilverOptions.from_argv`."""
        return cls(**_checked(_given(argv), "project", "lake_bucket", "run_id", "publish_lock_table"))


def _given(argv: Sequence[str]) -> dict[str, str]:
    given = arguments(argv)
    return {"run_id": given.get("JOB_RUN_ID", "")} | given


def _checked(given: Mapping[str, str], *names: str) -> dict[str, str]:
    for name in names:
        value, (pattern, meaning) = given.get(name) or None, _RULES[name]
        if value is None or not re.fullmatch(pattern, value):
            raise OptionError(name, value, f"Give {meaning}; Terraform sets it in the job's default arguments.")
    return {name: given[name] for name in names}
