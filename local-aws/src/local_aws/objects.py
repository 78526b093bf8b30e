"""An object's bytes, left on disk until they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileBody:
    """Stands where the emulator expects bytes: a slice reads just that much of the file."""

    path: str

    def __getitem__(self, part: slice) -> bytes:
        start = part.start or 0
        with open(self.path, "rb") as file:
            file.seek(start)
            return file.read() if part.stop is None else file.read(max(part.stop - start, 0))

    def whole(self) -> bytes:
        return Path(self.path).read_bytes()
