"""A launch template's user data as cloud-init reads it, with the paths of the instance's own folder. Pure.

An instance has no root of its own on a laptop, so absolute paths in file names, file contents and commands are written
anew: /opt/shop becomes <root>/opt/shop. What cannot be done is refused by name; nothing is skipped in silence.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import gzip
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

HEADER = "#cloud-config"
_FOLDERS = "etc|opt|var|srv|run|tmp|usr/local|home/ec2-user"
_PATH = rf"(?<![\w.\-/}}~*])/(?=(?:{_FOLDERS})(?:[/\s\"':;,)\]]|$))"
_PROGRAM = r"(?<![\w.\-/}])/(?:usr/)?(?:local/)?s?bin/(?=(?:python3(?:\.\d+)?|pip3(?:\.\d+)?|aws|systemctl)\b)"
# What changes nothing here: packages are this machine's, and the name and clock of the machine are not an instance's.
_WITHOUT_EFFECT = frozenset(
    {"hostname", "output", "package_reboot_if_required", "package_update", "package_upgrade", "timezone", "users"}
)
_DONE = frozenset({"bootcmd", "packages", "runcmd", "write_files"})
# A package by what it brings: there when the programs are; none is needed of what AWS's images bring for AWS alone.
_PACKAGES: dict[str, tuple[str, ...]] = {
    "amazon-ssm-agent": (),
    "awscli": ("aws",),
    "awscli-2": ("aws",),
    "ca-certificates": (),
    "python3.11": ("python3.11",),
    "python3.11-pip": ("python3.11",),
    "python3.11-setuptools": ("python3.11",),
}


class CloudConfigError(Exception):
    """User data asks for what an instance of local AWS cannot do; the message names it."""


@dataclass(frozen=True)
class WrittenFile:
    """`path` is where it goes in the instance's folder."""

    path: Path
    content: bytes
    mode: int
    append: bool = False


@dataclass(frozen=True)
class CloudConfig:
    """What is done, in cloud-init's order: bootcmd, files, packages, runcmd. A command is given to /bin/sh -c."""

    bootcmd: tuple[str, ...] = ()
    files: tuple[WrittenFile, ...] = ()
    packages: tuple[str, ...] = ()
    runcmd: tuple[str, ...] = ()
    without_effect: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paths:
    """An instance's folder: root/ stands for its /, bin/ for its /usr/bin. The folder's path may hold no space."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    def mapped(self, text: str) -> str:
        """Absolute paths of an instance as paths of this machine; what was written anew already stays."""
        return self._pattern.sub(self._place, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        kept = rf"{re.escape(str(self.folder))}[\w.@+~/\-]*"
        return re.compile(rf"(?P<kept>{kept})|(?P<program>{_PROGRAM})|(?P<path>{_PATH})", re.MULTILINE)

    def _place(self, found: re.Match[str]) -> str:
        if found["kept"]:
            return found["kept"]
        return f"{self.programs if found['program'] else self.root}/"

    def file(self, path: str) -> Path:
        """Where a file of the instance is; a path that leaves the folder is refused."""
        found = Path(self.mapped(path))
        if not found.is_absolute() or not found.is_relative_to(self.root) or ".." in found.parts:
            raise CloudConfigError(f"{path} is outside the folders that an instance has: {_FOLDERS.replace('|', ', ')}")
        return found


def parse(user_data: bytes, paths: Paths) -> CloudConfig:
    """Read user data: a #cloud-config document, or a script, which is one command. Empty data asks for nothing."""
    text = (gzip.decompress(user_data) if user_data[:2] == b"\x1f\x8b" else user_data).decode()
    if not text.strip():
        return CloudConfig()
    if text.startswith("#!"):
        return CloudConfig(runcmd=(paths.mapped(text),))
    if not text.startswith(HEADER):
        raise CloudConfigError(
            f"user data must start with {HEADER} or #!; it starts with {text.splitlines()[0][:40]!r}"
        )
    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise CloudConfigError(f"user data is not YAML: {error}") from None
    return _config(document, paths)


def _config(document: Any, paths: Paths) -> CloudConfig:
    if not isinstance(document, dict):
        raise CloudConfigError("a cloud-config is a mapping of module names")
    if unknown := sorted(set(document) - _DONE - _WITHOUT_EFFECT):
        raise CloudConfigError(
            f"cloud-config {', '.join(unknown)}: not done by local AWS ({', '.join(sorted(_DONE))} are)"
        )
    return CloudConfig(
        bootcmd=tuple(_command(entry, paths) for entry in document.get("bootcmd") or ()),
        files=tuple(_file(entry, paths) for entry in document.get("write_files") or ()),
        packages=tuple(_package(entry) for entry in document.get("packages") or ()),
        runcmd=tuple(_command(entry, paths) for entry in document.get("runcmd") or ()),
        without_effect=tuple(sorted(set(document) & _WITHOUT_EFFECT)),
    )


def _command(entry: Any, paths: Paths) -> str:
    """A string is shell, a list is a program with its arguments."""
    return paths.mapped(entry if isinstance(entry, str) else shlex.join(str(part) for part in entry))


def _package(entry: Any) -> str:
    return str(entry[0]) if isinstance(entry, list) else str(entry)


def _file(entry: dict[str, Any], paths: Paths) -> WrittenFile:
    """`owner` is not looked at: an instance's files belong to the user of this machine."""
    content = _decoded(entry)
    with contextlib.suppress(UnicodeDecodeError):  # a binary file holds no path that could be written anew
        content = paths.mapped(content.decode()).encode()
    mode = int(str(entry.get("permissions") or "0644"), 8)
    return WrittenFile(paths.file(str(entry["path"])), content, mode, bool(entry.get("append")))


def _decoded(entry: dict[str, Any]) -> bytes:
    encoding, content = str(entry.get("encoding") or "text/plain"), entry.get("content") or ""
    raw = content if isinstance(content, bytes) else str(content).encode()
    try:
        if "base64" in encoding or "b64" in encoding:
            raw = base64.b64decode(raw)
        return gzip.decompress(raw) if encoding.startswith(("gz", "gzip")) else raw
    except (binascii.Error, OSError) as error:
        raise CloudConfigError(f"write_files {entry.get('path')}: {encoding} cannot be read: {error}") from None


def programs_of(package: str) -> tuple[str, ...]:
    """What must be on this machine for a package to count as installed: a program of its name, where it is unknown."""
    return _PACKAGES.get(package, (package,))
