"""Tools that come as Python packages, installed by uv: Java runtimes, and what a Glue worker or a Lambda has."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from local_aws.settings import Settings


class PythonToolError(Exception):
    """uv is missing or failed; the message carries its last words."""


def version(settings: Settings, group: str) -> str:
    """A runtime environment belongs to one Python and to the packages that the lock gives its group."""
    digest = hashlib.sha256("\n".join(locked_packages(settings.checkout / "uv.lock", group)).encode()).hexdigest()
    return f"{digest[:12]}-py{sys.version_info.major}.{sys.version_info.minor}"


def locked_packages(lock: Path, group: str) -> list[str]:
    """name==version of a dependency group and of all that it needs."""
    packages = {package["name"]: package for package in tomllib.loads(lock.read_text())["package"]}
    groups = [package.get("dev-dependencies", {}).get(group, ()) for package in packages.values()]
    waiting = [entry["name"] for entries in groups for entry in entries]
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = packages[name]["version"]
            waiting += [entry["name"] for entry in packages[name].get("dependencies", ())]
    return sorted(f"{name}=={version}" for name, version in found.items())


def install_wheel(settings: Settings, pin: dict[str, Any], target: Path) -> None:
    """Unpack one pinned wheel of the configured index into a folder; its hash must be one of the pinned ones."""
    hashes = " ".join(f"--hash=sha256:{digest}" for digest in pin["sha256"])
    requirements = target.with_suffix(".txt")
    requirements.write_text(f"{pin['pypi']} {hashes}\n")
    try:
        _uv(settings, "pip", "install", "--no-deps", "--only-binary=:all:", "--require-hashes", "--target", target,
            "--python", sys.executable, "--requirement", requirements)  # fmt: skip
    finally:
        requirements.unlink()


def sync_group(settings: Settings, group: str, target: Path) -> None:
    """A virtual environment with one dependency group of the lock and nothing else."""
    draft = target.with_name(target.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    _uv(settings, "sync", "--frozen", "--only-group", group, "--python", sys.executable, "--project",
        settings.checkout, environment={"UV_PROJECT_ENVIRONMENT": str(draft)})  # fmt: skip
    draft.rename(target)


def find_uv(settings: Settings) -> str:
    """uv from PATH, from beside this Python, or the one that set-up put into the cache."""
    beside = Path(sys.prefix) / "bin" / "uv"
    cached = sorted(settings.cache.glob("tools/uv-*/bin/uv"))
    for candidate in (shutil.which("uv"), beside, *reversed(cached)):
        if candidate and Path(candidate).exists():
            return str(candidate)
    raise PythonToolError("uv is not found. Run `make setup`, which installs it into the cache.")


def _uv(settings: Settings, *arguments: object, environment: dict[str, str] | None = None) -> None:
    caller = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    defaults = {
        "UV_CACHE_DIR": str(settings.cache / "uv-cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1"),
        "UV_NO_CONFIG": os.environ.get("UV_NO_CONFIG", "0"),
    }
    command = [find_uv(settings), *map(str, arguments)]
    done = subprocess.run(
        command, env=caller | defaults | (environment or {}), stderr=subprocess.PIPE, stdout=sys.stderr, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise PythonToolError(
            f"`uv {arguments[0]} {arguments[1]}` failed:\n{done.stderr.strip()[-2000:]}\n"
            "Check the network (behind a proxy: HTTPS_PROXY, UV_DEFAULT_INDEX for your own index) and run again."
        )
