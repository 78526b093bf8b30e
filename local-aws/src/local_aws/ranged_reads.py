"""A ranged GET reads its range alone, of any version: readers of Parquet and of large files ask for many small ones.

The emulator reads the whole file for each, and of a version that is named it answers with all of it, as status 200.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from local_aws.objects import FileBody

HOOKS = (
    "_get_object", "_object_disk_path", "_parse_range", "_qp", "_range_error_xml", "_read_body", "_version_body",
    "_version_disk_path", "_version_file_exists", "_xml_body",
)  # fmt: skip
_GETTING = threading.local()


def read_ranges(s3: Any) -> None:
    """`s3` is the emulator's module; its functions look each other up there at every call."""
    s3._read_body = partial(_read_body, s3, s3._read_body)
    s3._version_body = partial(_version_body, s3, s3._version_body)
    s3._get_object = partial(_get_object, s3, s3._get_object)


def _read_body(s3: Any, original: Callable[..., Any], bucket: str, key: str, record: Any) -> Any:
    path = s3._object_disk_path(bucket, key)
    if not getattr(_GETTING, "now", False) or record.get("body") is not None or path is None:
        return original(bucket, key, record)
    return FileBody(path)


def _version_body(s3: Any, original: Callable[..., Any], *call: Any) -> Any:
    _, name, key, version = call
    kept = version.get("data") is None and s3._version_file_exists(name, key, version["version_id"])
    if kept and getattr(_GETTING, "now", False):
        return FileBody(s3._version_disk_path(name, key, version["version_id"]))
    return original(*call)


def _get_object(s3: Any, original: Callable[..., Any], *call: Any) -> tuple[int, Any, Any]:
    bucket, key, headers, query = (*call, None)[:4]
    asked = headers.get("range", "")
    of_version = asked and s3._qp(query or {}, "versionId", "")
    if of_version:
        # The sum of the whole would not fit a part of it.
        headers = {name: value for name, value in headers.items() if name != "x-amz-checksum-mode"}
    _GETTING.now = True
    try:
        status, answered, body = original(bucket, key, headers, query)
    finally:
        _GETTING.now = False
    if of_version and status == 200:
        status, answered, body = _part(s3, (bucket, key), asked, answered, body)
    return status, answered, body.whole() if isinstance(body, FileBody) else body


def _part(s3: Any, place: tuple[str, str], asked: str, headers: dict[str, str], body: Any) -> tuple[int, Any, Any]:
    """What the emulator does with the range of a current object."""
    size = int(headers["Content-Length"])
    found = s3._parse_range(asked, size)
    if found is None:
        refused = {"Content-Type": "application/xml", "Content-Range": f"bytes */{size}"}
        return 416, refused, s3._xml_body(s3._range_error_xml(*place))
    start, end = found
    part = {"Content-Length": str(end - start + 1), "Content-Range": f"bytes {start}-{end}/{size}"}
    return 206, headers | part, body[start : end + 1]
