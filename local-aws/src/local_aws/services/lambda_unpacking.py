"""A function's code and layers are unpacked once, however many environments of it start.

The emulator unpacks them for each environment, in the gateway's own process: when twenty start at once, as twenty
visitors make them, that is gigabytes and minutes in which the gateway answers nobody. What it opens here instead is
unpacked once below `folder`, by the content's hash; each environment gets links to it. On AWS /opt and /var/task are
read-only, so that nothing is lost by sharing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass
class SharedUnpacking:
    """Stands where the emulator expects the module zipfile."""

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __getattr__(self, name: str) -> Any:
        return getattr(zipfile, name)

    def ZipFile(self, file: str) -> SharedZip:  # noqa: N802 - zipfile's name
        return SharedZip(self, Path(file))

    def unpacked(self, archive: Path) -> Path:
        """The archive's content in a folder that all share. Raises zipfile.BadZipFile."""
        with archive.open("rb") as content:
            target = self.folder / hashlib.file_digest(content, "sha256").hexdigest()
        with self._lock:
            if not target.is_dir():
                partial = target.with_suffix(".partial")
                shutil.rmtree(partial, ignore_errors=True)
                with zipfile.ZipFile(archive) as opened:
                    opened.extractall(partial)
                partial.mkdir(parents=True, exist_ok=True)
                partial.rename(target)
        return target


@dataclass(frozen=True)
class SharedZip:
    """What the emulator does with an archive of a function: look for names that lead out of it, and extract all."""

    shared: SharedUnpacking
    archive: Path

    def __enter__(self) -> SharedZip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    def namelist(self) -> list[str]:
        """None: no name can lead out of where this is extracted."""
        return []

    def extractall(self, path: str) -> None:
        """Links in `path`, one for each file or folder at the archive's top."""
        for entry in self.shared.unpacked(self.archive).iterdir():
            os.symlink(entry, Path(path) / entry.name)
