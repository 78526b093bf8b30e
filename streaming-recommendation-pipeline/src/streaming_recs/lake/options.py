"""The jobs' arguments as Glue passes them, read once into frozen, checked values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from streaming_recs.lake.errors import OptionError

_RULES = {
    "project": (r"[a-z][a-z0-9-]{1,30}", "a lower-case name such as retail"),
    "lake_bucket": (r"[a-z0-9][a-z0-9.-]{2,62}", "a bucket name, no s3://"),
    "run_id": (r"[\w.:-]{1,128}", "a name for the run"),
    "seed": (r"\d{1,9}", "a whole number"),
    "force": (r"true|false", "true or false"),
}


@dataclass(frozen=True)
class JobOptions:
    """What both jobs are told. `run_id` is Glue's own unless a state machine gives one; `seed` is the training's.

    force: do the work although what it would be made of has not changed since the last time.
    """

    project: str
    lake_bucket: str
    run_id: str
    seed: int = 7
    force: bool = False

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> JobOptions:
        """From `sys.argv` of a Glue job; arguments that are Glue's own are passed over. Raises OptionError."""
        given = {"seed": "7", "force": "false"} | _pairs(argv)
        given.setdefault("run_id", given.get("JOB_RUN_ID", ""))
        values = {name: _checked(name, given.get(name, "")) for name in _RULES}
        return cls(
            values["project"], values["lake_bucket"], values["run_id"], int(values["seed"]), values["force"] == "true"
        )

    @property
    def bronze(self) -> str:
        return f"{self.project}_bronze"

    @property
    def gold(self) -> str:
        return f"{self.project}_gold"


def _pairs(argv: Sequence[str]) -> dict[str, str]:
    """`--name value` and `--name=value`; the last of a repeated name counts."""
    found: dict[str, str] = {}
    tokens = list(argv[1:])
    for token, following in zip(tokens, [*tokens[1:], "--"], strict=True):
        if token.startswith("--"):
            name, has_value, value = token[2:].partition("=")
            found[name] = value if has_value else ("true" if following.startswith("--") else following)
    return found


def _checked(name: str, value: str) -> str:
    pattern, meaning = _RULES[name]
    if not re.fullmatch(pattern, value):
        given = f"has the value {value!r}" if value else "is missing"
        raise OptionError(f"--{name} {given}. Give {meaning}; Terraform sets it in the job's default arguments.")
    return value
