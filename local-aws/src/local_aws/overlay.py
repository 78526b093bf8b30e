"""The services of ours: found, started, and called by action name."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import logging
import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import botocore.session

from local_aws import services
from local_aws.context import Context
from local_aws.routing import Route, Router
from local_aws.services.base import Service
from local_aws.wire import (
    AwsError,
    AwsRequest,
    HttpRequest,
    HttpResponse,
    Params,
    parse_request,
    serialize_error,
    serialize_result,
)

log = logging.getLogger("local_aws.overlay")

Handler = Callable[[AwsRequest], Awaitable[Params]]


@dataclass
class Overlay:
    """`started` is set once every service's start() returned (or failed, which its calls then report)."""

    services: list[Service]
    router: Router
    handlers: dict[Route, Handler]
    broken: dict[str, str] = field(default_factory=dict)
    started: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def discover(cls, context: Context) -> Overlay:
        """Every Service in local_aws/services/*.py. A service whose module cannot be loaded answers with the reason."""
        unloadable: dict[str, str] = {}
        found: list[Service] = []
        for kind in service_classes(unloadable):
            try:
                found.append(kind(context))
            except Exception as error:
                log.exception("%s cannot be made", kind.name)
                unloadable[kind.name] = f"{kind.name} cannot be made: {type(error).__name__}: {error}"
        return cls.of(found, unloadable)

    @classmethod
    def of(cls, found: list[Service], unloadable: dict[str, str] | None = None) -> Overlay:
        handlers: dict[Route, Handler] = {}
        for service in found:
            for name, handler in service.handlers().items():
                route = Route(service.name, name)
                if route in handlers:
                    raise ValueError(f"{service.name}.{name} is served by two classes; keep one of them")
                handlers[route] = handler
        broken = unloadable or {}
        return cls(found, Router(sorted({service.name for service in found} | set(broken))), handlers, dict(broken))

    def serves(self, route: Route) -> bool:
        """Calls to a broken service are ours too: the emulator must not answer what we could not do."""
        return route in self.handlers or route.service in self.broken

    async def answer(self, route: Route, http: HttpRequest) -> HttpResponse:
        """Run the handler; whatever happens, the caller gets an answer in the service's own protocol."""
        request = AwsRequest(route.service, route.action, {}, http)
        try:
            request = parse_request(route.service, route.action, http)
            if reason := self.broken.get(route.service):
                return serialize_error(request, AwsError("InternalFailure", reason, 500))
            return serialize_result(request, await self.handlers[route](request))
        except AwsError as error:
            return serialize_error(request, error)
        except Exception as error:
            log.exception("%s.%s failed", route.service, route.action)
            message = f"{type(error).__name__}: {error} (traceback in the gateway's log)"
            return serialize_error(request, AwsError("InternalFailure", message, 500))

    async def start(self) -> None:
        await asyncio.gather(*(self._start(service) for service in self.services))
        self.started.set()

    async def _start(self, service: Service) -> None:
        try:
            await service.start()
        except Exception as error:
            log.exception("%s could not start", service.name)
            self.broken[service.name] = f"{service.name} could not start: {type(error).__name__}: {error}"

    async def stop(self) -> None:
        for service in reversed(self.services):
            try:
                await asyncio.wait_for(service.stop(), 20)
            except Exception:
                log.exception("%s could not stop cleanly", service.name)

    def report(self) -> dict[str, str]:
        return {service.name: "ok" for service in self.services} | self.broken


def service_classes(unloadable: dict[str, str]) -> Iterator[type[Service]]:
    """The concrete Service classes of the package, each once; `unloadable` takes service → why its module fails."""
    for module_info in pkgutil.iter_modules(services.__path__):
        try:
            module = importlib.import_module(f"{services.__name__}.{module_info.name}")
        except Exception as error:
            log.exception("services/%s.py cannot be loaded", module_info.name)
            reason = f"services/{module_info.name}.py cannot be loaded: {type(error).__name__}: {error}"
            unloadable[_service_named(module_info.name)] = reason
            continue
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Service) and kind.__module__ == module.__name__ and "name" in vars(kind):
                yield kind


def _service_named(module: str) -> str:
    """The AWS service that a module serves: rds → rds, glue_jobs → glue."""
    known = botocore.session.get_session().get_available_services()
    name = next((name for name in (module.replace("_", "-"), module.partition("_")[0]) if name in known), None)
    if name is None:
        raise ImportError(f"services/{module}.py cannot be loaded, and no AWS service has that name")
    return name
