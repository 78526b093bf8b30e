"""Third-party packages for Glue and Lambda: the one lock's versions and hashes, for their Python and platform."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cache
from pathlib import Path

from retail_cli.archives import files_under, write_wheel
from retail_cli.checkout import cache as user_cache

_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
# What an installer leaves beside a distribution's own files.
_INSTALLERS_NOTES = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"}
# Tests and C headers of pandas, NumPy and PyArrow are a tenth of what Lambda takes.
_NEVER_RUN = {"include", "tests"}


class DependencyError(Exception):
    """Locked packages could not be brought."""


@dataclass(frozen=True)
class Runtime:
    """Where compiled packages are to run: a platform of uv's and a Python version; neither means here."""

    platform: str = ""
    python: str = ""

    def options(self) -> tuple[str, ...]:
        if not self.platform:
            return ()
        return ("--python-platform", self.platform, "--python-version", self.python)


HERE = Runtime()
# "Lambda runtimes": python3.11 is Amazon Linux 2, glibc 2.26. Glue 5.1 is Amazon Linux 2023, glibc 2.34.
LAMBDA = Runtime("x86_64-manylinux2014", "3.11")
GLUE = Runtime("x86_64-manylinux_2_28", "3.11")


def export(root: Path, *selection: str) -> str:
    """The lock's requirements, with hashes, for e.g. `--package NAME` or `--only-group NAME`."""
    return _uv(root, "export", "--frozen", "--no-default-groups", "--no-emit-workspace", "--quiet", *selection)


def without(requirements: str, provided: str) -> str:
    """Requirements less those that the runtime already has."""
    known = set(_REQUIREMENT.findall(provided))
    entries = re.split(r"\n(?=[A-Za-z0-9])", "\n" + requirements)
    return "\n".join(entry for entry in entries if (found := _REQUIREMENT.match(entry)) and found[1] not in known)


def install(root: Path, requirements: str, target: Path, runtime: Runtime) -> None:
    """Unpack the packages into `target`; only binary wheels, each checked against its hash in the lock."""
    target.mkdir(parents=True, exist_ok=True)
    if not requirements.strip():
        return
    listed = target.parent / f"{target.name}.txt"
    listed.write_text(requirements)
    _uv(
        root, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:",
        "--python", sys.executable, *runtime.options(), "--target", str(target), "--requirement", str(listed),
    )  # fmt: skip


def rewheel(installed: Path, pure: Path, compiled: Path) -> list[Path]:
    """One wheel for each distribution in `installed`, in `pure` or `compiled`.

    Glue puts pure wheels on the path as they are (--extra-py-files); compiled ones it must install
    (--additional-python-modules). Neither asks an index.
    """
    return [_rewheel_one(installed, dist_info, pure, compiled) for dist_info in sorted(installed.glob("*.dist-info"))]


def _rewheel_one(installed: Path, dist_info: Path, pure: Path, compiled: Path) -> Path:
    notes = HeaderParser().parsestr((dist_info / "WHEEL").read_text())
    names = [line.split(",")[0] for line in (dist_info / "RECORD").read_text().splitlines()]
    files = {name: (installed / name).read_bytes() for name in names if _belongs(name)}
    name, version = dist_info.name.removesuffix(".dist-info").rsplit("-", 1)
    tag = _file_tag(notes.get_all("Tag", ["py3-none-any"]))
    return write_wheel(pure if tag.endswith("-none-any") else compiled, name, version, files, tag)


def _file_tag(tags: list[str]) -> str:
    """The compressed tag set that a wheel's file name carries (Binary distribution format, "File name convention")."""
    return "-".join(".".join(sorted(set(column))) for column in zip(*(tag.split("-") for tag in tags), strict=True))


def _belongs(name: str) -> bool:
    path = Path(name)
    notes = path.parent.name.endswith(".dist-info") and path.name in _INSTALLERS_NOTES
    return not (notes or name.startswith("..") or path.parts[0] == "bin" or path.suffix == ".pyc")


def installed_files(folder: Path, prefix: str) -> dict[str, bytes]:
    """A layer's content: what was installed, less the installer's notes and what nothing runs."""
    return {
        name: content
        for name, content in files_under(folder, prefix).items()
        if _belongs(name) and not _NEVER_RUN & set(Path(name).parts)
    }


def _uv(root: Path, *arguments: str) -> str:
    defaults = {"UV_CACHE_DIR": str(user_cache() / "uv-cache"), "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1"}
    # This environment's own Python must not count as the project's, whatever shell the command runs in.
    environment = defaults | {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [_uv_path(), *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DependencyError(
            f"`uv {' '.join(arguments[:2])}` failed:\n{done.stderr.strip()}\n"
            "The first run needs the network; later ones do not."
        )
    return done.stdout


@cache
def _uv_path() -> str:
    cached = sorted((user_cache() / "tools").glob("uv-*/bin/uv"))
    found = shutil.which("uv") or (str(cached[-1]) if cached else None)
    if found is None:
        raise DependencyError("uv is not on PATH. Run `make package`, which brings it.")
    return found
