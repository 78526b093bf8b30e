"""The job's arguments as Glue passes them, read once into frozen, checked values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from batch_etl.errors import OptionError

T = TypeVar("T")


class Stage(StrEnum):
    """The steps of a run; each can be a job run of its own with the same --run_id."""

    EXTRACT = "extract"
    BUILD = "build"
    AUDIT = "audit"
    PUBLISH = "publish"


class Mode(StrEnum):
    """How the source is read. Anything but a full load is refused rather than silently done in full."""

    FULL = "full"


@dataclass(frozen=True)
class SourceOptions:
    """Where the source database is. `ca` is an s3:// address of the PEM bundle that signed its certificate."""

    host: str
    port: int
    database: str
    secret_arn: str
    ca: str


@dataclass(frozen=True)
class EtlOptions:
    """Everything retail-etl-job is told."""

    project: str
    lake_bucket: str
    source: SourceOptions
    publish_lock_table: str
    run_id: str
    stages: tuple[Stage, ...] = tuple(Stage)
    mode: Mode = Mode.FULL

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> EtlOptions:
        """From `sys.argv` of a Glue job; arguments that are Glue's or another job's are passed over.

        Raises OptionError, which names the option, the value and the remedy.
        """
        given = arguments(argv)
        return cls(
            project=_read(given, "project", _matching(r"[a-z][a-z0-9-]{1,30}", "a lower-case name such as retail")),
            lake_bucket=_read(given, "lake_bucket", _matching(r"[a-z0-9][a-z0-9.-]{2,62}", "a bucket name, no s3://")),
            source=SourceOptions(
                host=_read(given, "source_host", _matching(r"\S+", "a host name")),
                port=_read(given, "source_port", _port, "3306"),
                database=_read(given, "source_database", _matching(r"[A-Za-z0-9_$]{1,64}", "a database's name")),
                secret_arn=_read(given, "source_secret_arn", _matching(r"\S+", "the ARN or name of a secret")),
                ca=_read(given, "source_ca", _matching(r"s3://[^/]+/.+", "s3://<bucket>/<key> of a PEM file")),
            ),
            publish_lock_table=_read(given, "publish_lock_table", _matching(r"[\w.-]{3,255}", "a DynamoDB table")),
            run_id=_read(given, "run_id", _matching(r"[\w.:-]{1,128}", "a name for the run"), given.get("JOB_RUN_ID")),
            stages=_read(given, "stages", _stages, ",".join(Stage)),
            mode=_read(given, "mode", _mode, Mode.FULL),
        )


def arguments(argv: Sequence[str]) -> dict[str, str]:
    """`--name value` and `--name=value` pairs; a `--flag` alone is "true". The last of a repeated name counts."""
    found: dict[str, str] = {}
    tokens = list(argv[1:])
    for token, following in zip(tokens, [*tokens[1:], "--"], strict=True):
        if not token.startswith("--"):
            continue
        name, has_value, value = token[2:].partition("=")
        found[name] = value if has_value else ("true" if following.startswith("--") else following)
    return found


def _read(given: Mapping[str, str], name: str, parse: Callable[[str, str], T], default: str | None = None) -> T:
    value = given.get(name, default)
    if value is None or value == "":
        raise OptionError(name, value, "Pass it to the job; Terraform sets it in the job's default arguments.")
    return parse(name, value)


def _matching(pattern: str, meaning: str) -> Callable[[str, str], str]:
    def parse(name: str, value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise OptionError(name, value, f"Give {meaning}.")
        return value

    return parse


def _port(name: str, value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise OptionError(name, value, "Give a port between 1 and 65535.")
    return int(value)


def _stages(name: str, value: str) -> tuple[Stage, ...]:
    wanted = [part.strip() for part in value.split(",") if part.strip()]
    unknown = [part for part in wanted if part not in set(Stage)]
    if unknown or not wanted:
        raise OptionError(name, value, f"Give one or more of {','.join(Stage)}, separated by commas.")
    return tuple(stage for stage in Stage if stage in wanted)


def _mode(name: str, value: str) -> Mode:
    if value not in set(Mode):
        raise OptionError(name, value, f"Give one of {', '.join(Mode)}.")
    return Mode(value)
