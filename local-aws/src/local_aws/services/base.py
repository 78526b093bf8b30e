"""What a service of ours is: named actions over dictionaries, with everything else left to the upstream emulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar

from local_aws.wire import AwsRequest, Params

if TYPE_CHECKING:
    from local_aws.context import Context

Handler = Callable[[Any, AwsRequest], Awaitable[Params]]


def action(*names: str) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of AWS actions: `@action("StartJobRun")`."""

    def mark(handler: Handler) -> Handler:
        handler.__dict__["aws_actions"] = names
        return handler

    return mark


class Service:
    """Base of a service. A handler is `async def name(self, request: AwsRequest) -> Params`.

    It returns a dictionary shaped as botocore's output shape, or raises AwsError. To amend what the upstream
    emulator does, call `await self.ctx.upstream(request)` (optionally with changed params) and edit its result.
    Blocking work belongs in `asyncio.to_thread`. Other services are reached with `self.ctx.client("s3")`.
    """

    name: ClassVar[str]  # botocore's service name

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def handlers(self) -> dict[str, Callable[[AwsRequest], Awaitable[Params]]]:
        """Action name → bound handler, for every method marked with @action."""
        found: dict[str, Callable[[AwsRequest], Awaitable[Params]]] = {}
        for attribute in dir(type(self)):
            for name in getattr(getattr(type(self), attribute), "aws_actions", ()):
                found[name] = getattr(self, attribute)
        return found

    async def start(self) -> None:
        """Called once the gateway listens: resume what a crash interrupted, start background work."""

    async def stop(self) -> None:
        """Called on a clean stop."""
