"""S3 on a disk that is full: the request fails and the object stays as it was; the emulator would only log it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

HOOKS = (
    "_atomic_write",
    "_buckets",
    "_complete_multipart_upload",
    "_copy_object",
    "_object_versions",
    "_persist_object",
    "_put_object",
)


def refuse_lost_writes(s3: Any) -> None:
    """`s3` is the emulator's module; its functions look each other up there at every call."""
    s3._persist_object = partial(_persist, s3, s3._persist_object)
    for name in ("_put_object", "_copy_object", "_complete_multipart_upload"):
        setattr(s3, name, partial(_store, s3, getattr(s3, name)))


def _persist(s3: Any, original: Callable[..., None], bucket: str, key: str, record: Any) -> None:
    """Raise the error that the emulator's own function swallows."""
    write, failures = s3._atomic_write, []

    def noting_write(*args: Any, **kwargs: Any) -> None:
        try:
            write(*args, **kwargs)
        except OSError as error:
            failures.append(error)
            raise

    s3._atomic_write = noting_write
    try:
        original(bucket, key, record)
    finally:
        s3._atomic_write = write
    if failures:
        raise failures[0]


def _store(s3: Any, original: Callable[..., Any], bucket: str, key: str, *arguments: Any) -> Any:
    """Do a write; one that fails leaves the record and the versions that were there before."""
    objects = s3._buckets[bucket]["objects"] if bucket in s3._buckets else {}
    before, versions = objects.get(key), [dict(version) for version in s3._object_versions.get((bucket, key), ())]
    try:
        return original(bucket, key, *arguments)
    except OSError:
        objects.pop(key, None)
        s3._object_versions.pop((bucket, key), None)
        if before is not None:
            objects[key] = before
        if versions:
            s3._object_versions[bucket, key] = versions
        raise
