"""Where local AWS lives: one cache per user, one state folder per checkout and port."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

APP = "retail-analytics-platform"
ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True)
class Settings:
    """`checkout` is the repository's root; `port` the gateway's; the two choose the state folder."""

    checkout: Path
    port: int = 4566
    cache_home: Path = Path()
    state_home: Path = Path()

    @classmethod
    def from_environment(cls, checkout: Path | None = None) -> Settings:
        """Read LOCAL_AWS_PORT, XDG_CACHE_HOME and XDG_STATE_HOME; the checkout is found from this file."""
        home = Path.home()
        return cls(
            checkout=(checkout or Path(__file__).resolve().parents[3]),
            port=int(os.environ.get("LOCAL_AWS_PORT", "4566")),
            cache_home=Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache"),
            state_home=Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state"),
        )

    @cached_property
    def cache(self) -> Path:
        return self.cache_home / APP

    @cached_property
    def state(self) -> Path:
        digest = hashlib.sha256(str(self.checkout).encode()).hexdigest()[:8]
        return self.state_home / APP / f"{self.checkout.name}-{digest}-{self.port}"

    @property
    def endpoint_url(self) -> str:
        """An IP, so that every SDK addresses S3 by path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    def process_environment(self) -> dict[str, str]:
        """The environment of our own background processes: the caller's without its AWS and Python settings."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        return inherited | {
            "LOCAL_AWS_PORT": str(self.port),
            "XDG_CACHE_HOME": str(self.cache_home),
            "XDG_STATE_HOME": str(self.state_home),
            "LOCAL_AWS_STATE": str(self.state),
        }

    def client_environment(self) -> dict[str, str]:
        """What any AWS SDK needs to talk to this local AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
