"""The data of a crawler's targets, listed and sampled in S3. All calls block."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from local_aws.services.glue_crawler_exclusions import matcher
from local_aws.services.glue_crawler_files import FileSchema, classify
from local_aws.services.glue_crawler_layout import CrawledFile, Path
from local_aws.wire import Params

_HIDDEN = re.compile(r"(^|/)[._]|_\$folder\$$")  # markers and work in progress; no reader of a table sees them


class CrawlStoppedError(Exception):
    """StopCrawler was called."""


@dataclass(frozen=True)
class Entry:
    """An object of the listing, readable by parts."""

    s3: Any  # a boto3 client
    bucket: str
    key: str
    size: int

    def read(self, start: int, length: int) -> bytes:
        wanted = f"bytes={start}-{start + length - 1}"
        answer = self.s3.get_object(Bucket=self.bucket, Key=self.key, Range=wanted)
        return bytes(answer["Body"].read())

    @property
    def folder(self) -> Path:
        return (self.bucket, *self.key.split("/")[:-1])


@dataclass(frozen=True)
class Source:
    """`go_on` is asked before each object and raises CrawlStoppedError; `say` takes a line for the crawl's log."""

    s3: Any
    go_on: Callable[[], None]
    say: Callable[[str], None]

    def files(self, target: Params) -> tuple[Path, list[CrawledFile]]:
        """The root of an S3 target and the files that a classifier knew, in it."""
        bucket, _, prefix = target["Path"].removeprefix("s3://").partition("/")
        entries = list(self._listed(bucket, prefix, target.get("Exclusions") or []))
        return self._root(bucket, prefix, entries), list(self._classified(entries, target.get("SampleSize")))

    def _root(self, bucket: str, prefix: str, entries: list[Entry]) -> Path:
        """A path without a trailing slash is a folder, or else the beginning of names in the folder above."""
        parts = [part for part in prefix.split("/") if part]
        root = (bucket, *parts)
        inside = all(entry.folder[: len(root)] == root for entry in entries)
        return root if inside else root[:-1]

    def _listed(self, bucket: str, prefix: str, exclusions: list[str]) -> Iterator[Entry]:
        excluded = matcher(exclusions)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            self.go_on()
            for found in page.get("Contents", []):
                below = found["Key"][len(prefix) :].lstrip("/")
                if found["Size"] and not _HIDDEN.search(below) and not excluded.fullmatch(below):
                    yield Entry(self.s3, bucket, found["Key"], found["Size"])

    def _classified(self, entries: list[Entry], sample: int | None) -> Iterator[CrawledFile]:
        """With a sample size the other files of a folder are taken for what the last one read was."""
        read: dict[Path, int] = {}
        known: dict[Path, tuple[int, FileSchema]] = {}
        for entry in entries:
            self.go_on()
            if sample is None or read.get(entry.folder, 0) < sample:
                read[entry.folder] = read.get(entry.folder, 0) + 1
                schema = classify(entry)
                if schema is not None:
                    known[entry.folder] = (entry.size, schema)
            else:
                schema = _of_its_kind(entry, known.get(entry.folder))
            if schema is None:
                self.say(f"WARN : No classifier knows s3://{entry.bucket}/{entry.key}: it is in no table.")
            else:
                yield CrawledFile(entry.folder, entry.key.rpartition("/")[2], entry.size, schema)


def _of_its_kind(entry: Entry, like: tuple[int, FileSchema] | None) -> FileSchema | None:
    return like and replace(like[1], rows=round(like[1].rows * entry.size / like[0]))
