"""What the gateway hands to each service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local_aws.settings import REGION, Settings
from local_aws.store import Table

INTERNAL_AGENT = "local-aws-internal"  # in the User-Agent of our own calls, which do not wait for services to start

if TYPE_CHECKING:
    from local_aws.supervisor import Engines
    from local_aws.wire import Params


@dataclass(frozen=True)
class Context:
    """`upstream` forwards a (possibly changed) call to the emulator behind and returns its parsed result."""

    settings: Settings
    engines: Engines
    upstream: Callable[..., Awaitable[Params]]  # upstream(request: AwsRequest, params: Params | None = None)

    def table(self, name: str) -> Table:
        """A durable dictionary, e.g. ctx.table("glue.job_runs")."""
        return Table(self.settings.state / "services.sqlite", name)

    def client(self, service: str) -> Any:
        """A boto3 client that talks to this gateway, as any other program would (blocking: use a thread)."""
        return client_for(service, self.settings)


def client_for(service: str, settings: Settings) -> Any:
    """A boto3 client of our own programs for this local AWS."""
    return _client(service, settings.endpoint_url)


@cache
def _client(service: str, endpoint_url: str) -> Any:
    make: Any = boto3.client  # the stubs know each service by a literal name
    return make(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the laptop's dummy key, not a secret
        config=Config(
            retries={"max_attempts": 3, "mode": "standard"}, max_pool_connections=50, user_agent_extra=INTERNAL_AGENT
        ),
    )
