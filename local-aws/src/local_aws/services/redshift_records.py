"""Redshift Serverless: what namespaces, workgroups and their database are to the other modules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local_aws.context import Context
from local_aws.settings import ACCOUNT, REGION
from local_aws.store import Table
from local_aws.wire import AwsError, Params

PORT = 5439
_NAME = re.compile(r"[a-z0-9-]{3,64}")


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message)


def arn(kind: str, identifier: str) -> str:
    """arn:aws:redshift-serverless:…:namespace/<id>, likewise for workgroups and usage limits."""
    return f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:{kind}/{identifier}"


def checked_name(name: str, kind: str) -> str:
    if not _NAME.fullmatch(name):
        raise invalid(f"{kind} name {name} is not valid: 3 to 64 lower-case letters, digits and hyphens.")
    return name


def tags_of(params: Params) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in params.get("tags") or []}


def page(items: Iterable[Any], params: Params, most: int = 100) -> tuple[list[Any], str | None]:
    """(this page, the next token); a token is a place. The two services spell their members differently."""
    found = list(items)
    start = int(params.get("nextToken") or params.get("NextToken") or 0)
    size = params.get("maxResults") or params.get("MaxResults") or most
    return found[start : start + size], str(start + size) if start + size < len(found) else None


@dataclass(frozen=True)
class Warehouses:
    """The stored records of namespaces and workgroups, by name."""

    namespaces: Table
    workgroups: Table

    @classmethod
    def of(cls, ctx: Context) -> Warehouses:
        return cls(ctx.table("redshift.namespaces"), ctx.table("redshift.workgroups"))

    def namespace(self, name: str) -> Params:
        if name not in self.namespaces:
            raise not_found(f"The namespace {name} does not exist.")
        return self.namespaces[name]

    def workgroup(self, name: str) -> Params:
        if name not in self.workgroups:
            raise not_found(f"The workgroup {name} does not exist.")
        return self.workgroups[name]

    def workgroups_of(self, namespace: str) -> list[str]:
        return [name for name, record in self.workgroups.items() if record["namespaceName"] == namespace]

    def exists(self, resource_arn: str) -> bool:
        records = [*self.namespaces.values(), *self.workgroups.values()]
        return any(resource_arn in (record.get("namespaceArn"), record.get("workgroupArn")) for record in records)
