"""Where the repository and its parts are; which names a deployment has."""

from __future__ import annotations

import os
from pathlib import Path

# Applied in this order, destroyed in the other.
ROOTS = ("app-infrastructure", "batch-etl-pipeline", "streaming-recommendation-pipeline")


class CheckoutError(Exception):
    """The command was not started inside the repository."""


def checkout() -> Path:
    """The repository's root, found upward from the working directory."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "uv.lock").is_file() and (folder / ROOTS[0] / "terraform").is_dir():
            return folder
    raise CheckoutError(f"{here} is not inside a checkout of the platform. Change into it and run the command again.")


def project() -> str:
    """The prefix of every name, as Terraform has it."""
    return os.environ.get("TF_VAR_project", "retail")  # noqa: SIM112 - Terraform's spelling


def cache() -> Path:
    """The user's cache folder of this platform."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "retail-analytics-platform"
