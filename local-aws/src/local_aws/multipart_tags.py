"""S3 keeps the tags that a multipart upload began with; the emulator keeps those of a single PutObject alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from xml.etree.ElementTree import fromstring

HOOKS = (
    "_buckets", "_complete_multipart_upload", "_create_multipart_upload", "_multipart_uploads", "_object_tags",
    "_persist_version_state", "_qp",
)  # fmt: skip
_TAGS = "tags"


def keep_tags(s3: Any) -> None:
    """`s3` is the emulator's module; its functions look each other up there at every call."""
    s3._create_multipart_upload = partial(_create, s3, s3._create_multipart_upload)
    s3._complete_multipart_upload = partial(_complete, s3, s3._complete_multipart_upload)


def _create(s3: Any, original: Callable[..., Any], bucket: str, key: str, headers: dict[str, str]) -> Any:
    response = original(bucket, key, headers)
    status, _, body = response
    if status == 200 and headers.get("x-amz-tagging"):
        tags = parse_qs(headers["x-amz-tagging"], keep_blank_values=True)
        upload = fromstring(body).findtext("{*}UploadId")  # noqa: S314 - the emulator's own answer
        s3._multipart_uploads[upload][_TAGS] = {name: values[0] for name, values in tags.items()}
    return response


def _complete(s3: Any, original: Callable[..., Any], bucket: str, key: str, *arguments: Any) -> Any:
    _, query, *_ = arguments
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}
    response = original(bucket, key, *arguments)
    if response[0] == 200 and upload.get(_TAGS):
        version = s3._buckets[bucket]["objects"][key].get("version_id")
        s3._object_tags[bucket, key, version] = upload[_TAGS]
        s3._persist_version_state(bucket, key, s3._buckets[bucket])  # the emulator wrote the object before its tags
    return response
