"""Job arguments, resolved as Glue resolves them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

RESERVED = (
    "job-bookmark-option",
    "job-bookmark-from",
    "job-bookmark-to",
    "JOB_ID",
    "JOB_RUN_ID",
    "SECURITY_CONFIGURATION",
    "encryption-type",
    "enable-data-lineage",
    "RedshiftTempDir",
    "TempDir",
)


class GlueArgumentError(Exception):
    """A job argument is missing, or its name is Glue's own."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str]:  # noqa: N802 - Glue's name
    """The values of `options` (all required) and of Glue's own arguments, absent ones as None."""
    parser = _Parser(allow_abbrev=False)
    for name in RESERVED:
        parser.add_argument(f"--{name}")
    for name in options:
        if name in ("TempDir", "RedshiftTempDir"):
            continue
        if name in RESERVED:
            raise GlueArgumentError(f"Using reserved arguments {name}")
        parser.add_argument(f"--{name}", required=True)
    parsed, _others = parser.parse_known_args(list(args[1:]))
    if not parsed.TempDir:
        parsed.TempDir = parsed.RedshiftTempDir
    return vars(parsed)
