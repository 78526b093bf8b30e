"""Style sheet, script and icon, read once; their URLs name their content, so that browsers keep them for a year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    name: str
    body: bytes

    @property
    def media_type(self) -> str:
        return _TYPES[self.name.rpartition(".")[2]]

    @property
    def version(self) -> str:
        return version_of(self.body)


def version_of(body: bytes) -> str:
    return sha256(body).hexdigest()[:12]


@cache
def assets() -> dict[str, Asset]:
    """By name: all that lies in static/."""
    return {file.name: Asset(file.name, file.read_bytes()) for file in files("storefront").joinpath("static").iterdir()}


def asset_url(name: str) -> str:
    """As pages link it; raises KeyError for a name that is none."""
    return f"/static/{name}?v={assets()[name].version}"
