"""Terraform for this machine: a recent enough program, and a provider from a filesystem mirror where there is one."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

REGISTRY_FOLDER = "registry.terraform.io"
_SEARCHED = (Path("/opt"), Path("/usr/local/share"), Path("/usr/share"))
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@cache
def on_path(minimum: str) -> Path | None:
    """The terraform on PATH, when it is at least the minimum version ("1.11")."""
    program = shutil.which("terraform")
    if program is None:
        return None
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    quiet["CHECKPOINT_DISABLE"] = "1"  # it would write into the home directory and ask the network for news
    shown = subprocess.run([program, "version"], capture_output=True, text=True, check=False, env=quiet).stdout
    found = re.search(r"Terraform v(\d+)\.(\d+)", shown)
    wanted = tuple(int(part) for part in minimum.split("."))
    return Path(program) if found and (int(found[1]), int(found[2])) >= wanted else None


def this_platform() -> str:
    return f"{platform.system().lower()}_{_MACHINES.get(platform.machine().lower(), platform.machine().lower())}"


def find_mirror(source: str, version: str, environment: Mapping[str, str]) -> Path | None:
    """The first filesystem mirror that holds this provider for this platform, packed or unpacked."""
    for mirror in candidate_mirrors(environment):
        folder = mirror / source
        packed = folder / f"terraform-provider-{source.rpartition('/')[2]}_{version}_{this_platform()}.zip"
        if packed.is_file() or (folder / version / this_platform()).is_dir():
            return mirror
    return None


def candidate_mirrors(environment: Mapping[str, str]) -> Iterator[Path]:
    """TF_PLUGIN_DIR, the directories that Terraform itself implies, then a registry folder in the usual places."""
    if named := environment.get("TF_PLUGIN_DIR"):
        yield Path(named).parent if Path(named).name == REGISTRY_FOLDER else Path(named)
    home = Path(environment.get("HOME") or Path.home())
    data_dirs = environment.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(os.pathsep)
    data_home = environment.get("XDG_DATA_HOME") or home / ".local" / "share"
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "io.terraform" / "plugins"
        yield Path("/Library/Application Support/io.terraform/plugins")
    yield home / ".terraform.d" / "plugins"
    for folder in (data_home, *data_dirs):
        yield Path(folder) / "terraform" / "plugins"
    for root in _SEARCHED:
        for depth in ("", "*/", "*/*/"):
            yield from (found.parent for found in sorted(root.glob(f"{depth}{REGISTRY_FOLDER}")))


def cli_configuration(source: str, mirror: Path | None, plugin_cache: Path) -> str:
    """A Terraform CLI configuration: this provider from the mirror alone, everything else from its registry."""
    if mirror is None:
        return (
            f"plugin_cache_dir = {_quoted(plugin_cache)}\n"
            "plugin_cache_may_break_dependency_lock_file = true\n"
        )  # fmt: skip
    return (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {_quoted(mirror)}\n    include = [{_quoted(source)}]\n  }}\n"
        f"  direct {{\n    exclude = [{_quoted(source)}]\n  }}\n"
        "}\n"
    )


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${") + '"'
