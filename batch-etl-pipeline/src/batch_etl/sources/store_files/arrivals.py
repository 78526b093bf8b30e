"""Which object versions arrived, as events and people name them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "store-files/"
UNVERSIONED = "null"
"""S3's own name of the version that a bucket without versions keeps."""
GONE = {"404", "NoSuchKey", "NoSuchVersion", "405", "MethodNotAllowed"}


class NotAnArrival(ValueError):  # noqa: N818 - says what it is
    """A message that names no object of ours."""


@dataclass(frozen=True, order=True)
class FileVersion:
    """One version of one object of the landing bucket: what was sent, even if it has been overwritten since.

    Ordered as files arrived: of two rows with one id, the earlier one counts. `arrived` is RFC 3339, UTC.
    """

    arrived: str
    key: str
    version: str
    size: int
    etag: str = ""

    @property
    def name(self) -> str:
        """Below store-files/; never a path on any disk."""
        return self.key.removeprefix(PREFIX)

    @property
    def slug(self) -> str:
        """A short name that is safe in keys, and the same for no two versions."""
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", PurePosixPath(self.key).name)
        digest = hashlib.sha256("\n".join((self.key, self.version)).encode()).hexdigest()
        return f"{digest[:16]}-{plain[-80:]}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> FileVersion:
        return cls(**content)


def arrival_of(body: str) -> dict[str, str]:
    """key, version (empty if not said) and time of an EventBridge event "Object Created". Raises NotAnArrival."""
    try:
        event = json.loads(body)
        detail = event["detail"]
        key = str(detail["object"]["key"])
        found = {"key": key, "version": str(detail["object"].get("version-id") or ""), "arrived": str(event["time"])}
    except (ValueError, KeyError, TypeError) as problem:
        raise NotAnArrival(f"the message is no event of S3: {body[:200]}") from problem
    if not key.startswith(PREFIX):
        raise NotAnArrival(f"{key} is not below {PREFIX}")
    return found


def resolve(s3: S3Client, bucket: str, key: str, version: str = "", arrived: str = "") -> FileVersion | None:
    """The version as S3 has it, the current one when none is named; None when it is gone, or is a folder's mark."""
    try:
        named = {"VersionId": version} if version else {}
        head = s3.head_object(Bucket=bucket, Key=key, **named)  # type: ignore[arg-type]
    except ClientError as problem:
        if problem.response["Error"]["Code"] in GONE:
            return None
        raise
    if key.endswith("/") and head["ContentLength"] == 0:
        return None
    return FileVersion(
        arrived=arrived or head["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        key=key,
        version=version or head.get("VersionId", UNVERSIONED),
        size=head["ContentLength"],
        etag=head["ETag"].strip('"'),
    )


def once(files: Iterable[FileVersion | None]) -> list[FileVersion]:
    """Each version once, by its first arrival, in the order of arrival."""
    found: dict[tuple[str, str], FileVersion] = {}
    for file in sorted(file for file in files if file is not None):
        found.setdefault((file.key, file.version), file)
    return list(found.values())


def version_argument(file: FileVersion) -> dict[str, str]:
    """`VersionId` for S3's calls; an unversioned bucket takes none."""
    return {} if file.version == UNVERSIONED else {"VersionId": file.version}
