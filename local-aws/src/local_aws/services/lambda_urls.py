"""Lambda: function URLs. Each is a port of 127.0.0.1, so that its paths are the function's own, as on AWS."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import string
from datetime import UTC, datetime
from typing import Any, ClassVar

from local_aws.context import Context
from local_aws.internal_call import call_upstream
from local_aws.services.base import Service, action
from local_aws.services.lambda_url_server import UrlServer
from local_aws.wire import AwsError, AwsRequest, Params

_PRIVATE = frozenset({"Port", "UrlId"})


class LambdaUrls(Service):
    """The configurations, and a server for each."""

    name: ClassVar[str] = "lambda"

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.table = ctx.table("lambda.urls")
        self._servers: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        for key in list(self.table):
            self._serve(key)

    async def stop(self) -> None:
        for key in list(self._servers):
            await self._end(key)

    def _serve(self, key: str) -> None:
        server = UrlServer(self.ctx, lambda: self.table[key])
        self._servers[key] = asyncio.create_task(server.run(), name=f"function url {key}")

    async def _end(self, key: str) -> None:
        server = self._servers.pop(key, None)
        if server is not None:
            server.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await server

    @action("CreateFunctionUrlConfig")
    async def create(self, request: AwsRequest) -> Params:
        params = request.params
        key, arn = await self._function(params)
        if key in self.table:
            message = f"Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig exists for this Lambda function"  # noqa: E501 - AWS's sentence
            raise AwsError("ResourceConflictException", message, 409)
        url_id = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(32))
        now = _stamp()
        port = self.ctx.engines.free_port(f"function-url-{key}")
        self.table[key] = {
            "FunctionUrl": f"http://127.0.0.1:{port}/",
            "FunctionArn": arn,
            "AuthType": params["AuthType"],
            "InvokeMode": params.get("InvokeMode") or "BUFFERED",
            "CreationTime": now,
            "LastModifiedTime": now,
            "Port": port,
            "UrlId": url_id,
        } | ({"Cors": params["Cors"]} if params.get("Cors") else {})
        self._serve(key)
        return _public(self.table[key])

    @action("GetFunctionUrlConfig")
    async def get(self, request: AwsRequest) -> Params:
        return _public(self._config(request.params))

    @action("UpdateFunctionUrlConfig")
    async def update(self, request: AwsRequest) -> Params:
        params = request.params
        self._config(params)
        given = {name: params[name] for name in ("AuthType", "Cors", "InvokeMode") if params.get(name) is not None}
        return _public(self.table.update_fields(_key(params), **given, LastModifiedTime=_stamp()))

    @action("DeleteFunctionUrlConfig")
    async def delete(self, request: AwsRequest) -> Params:
        self._config(request.params)
        await self._remove(_key(request.params))
        return {}

    @action("ListFunctionUrlConfigs")
    async def list_all(self, request: AwsRequest) -> Params:
        name = _key(request.params)
        found = [_public(config) for key, config in self.table.items() if key.partition(":")[0] == name]
        return {"FunctionUrlConfigs": found}

    @action("DeleteFunction")
    async def delete_function(self, request: AwsRequest) -> Params:
        """Its URLs go with it."""
        result = await self.ctx.upstream(request)
        name = _key({"FunctionName": request.params["FunctionName"]})
        if not request.params.get("Qualifier") and ":" not in name:
            for key in [key for key in self.table if key.partition(":")[0] == name]:
                await self._remove(key)
        return result

    async def _remove(self, key: str) -> None:
        await self._end(key)
        self.table.pop(key, None)

    def _config(self, params: Params) -> Params:
        try:
            return self.table[_key(params)]
        except KeyError:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404) from None

    async def _function(self, params: Params) -> tuple[str, str]:
        key = _key(params)
        name, _, alias = key.partition(":")
        if alias:
            found: dict[str, Any] = await call_upstream(self.ctx, "lambda", "GetAlias", FunctionName=name, Name=alias)
            return key, str(found["AliasArn"])
        found = await call_upstream(self.ctx, "lambda", "GetFunctionConfiguration", FunctionName=name)
        return key, str(found["FunctionArn"])


def _key(params: Params) -> str:
    """name or name:alias, of a name or an ARN."""
    name = str(params["FunctionName"]).rpartition(":function:")[2] or str(params["FunctionName"])
    alias = params.get("Qualifier")
    return f"{name.partition(':')[0]}:{alias}" if alias else name


def _public(config: Params) -> Params:
    return {name: value for name, value in config.items() if name not in _PRIVATE}


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
