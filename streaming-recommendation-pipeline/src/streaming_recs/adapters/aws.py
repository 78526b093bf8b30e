"""AWS clients, made when they are first needed: each costs a cold start tens of milliseconds."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """botocore's own client: boto3's resources and sessions are not needed here, and take time to import."""
    return _session().create_client(service, config=_config())


@cache
def _session() -> Any:
    from botocore.session import Session  # noqa: PLC0415 - see above

    return Session()


@cache
def _config() -> Any:
    from botocore.config import Config  # noqa: PLC0415

    return Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
