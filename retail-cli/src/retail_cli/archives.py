"""Zip files and wheels that are the same bytes for the same content: fixed order, times and modes."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say
IGNORED_FOLDERS = {"__pycache__", "bin"}

Files = Mapping[str, bytes]


def files_under(folder: Path, prefix: str = "") -> dict[str, bytes]:
    """Every file below `folder` as archive name → content, without bytecode and console scripts."""
    return {
        prefix + path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not IGNORED_FOLDERS & set(path.relative_to(folder).parts) and path.name != ".lock"
    }


def write_zip(target: Path, files: Files) -> None:
    """Write `target` at once, so that a cut run leaves no half archive."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    partial.replace(target)


def write_wheel(folder: Path, name: str, version: str, files: Files, tag: str = "py3-none-any") -> Path:
    """A wheel (Binary distribution format 1.0) of `files`, which may bring METADATA and WHEEL of their own."""
    dist_info = f"{name}-{version}.dist-info"
    content = {
        f"{dist_info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{dist_info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: retail\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    } | dict(files)
    record = "".join(f"{path},{_digest(content[path])},{len(content[path])}\n" for path in sorted(content))
    content[f"{dist_info}/RECORD"] = f"{record}{dist_info}/RECORD,,\n".encode()
    target = folder / f"{name}-{version}-{tag}.whl"
    write_zip(target, content)
    return target


def unzipped_size(archive: Path) -> int:
    """Bytes that an archive takes once unpacked."""
    with zipfile.ZipFile(archive) as opened:
        return sum(entry.file_size for entry in opened.infolist())


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
