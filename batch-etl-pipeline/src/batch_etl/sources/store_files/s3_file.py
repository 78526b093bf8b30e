"""An object version as a file that can be sought in, by ranged reads: to look at its head, or at a zip's directory."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from batch_etl.sources.store_files.arrivals import FileVersion, version_argument

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_READ_AHEAD = 2**20


@dataclass
class _S3Raw(io.RawIOBase):
    s3: S3Client
    bucket: str
    file: FileVersion
    place: int = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.file.size}[whence]
        self.place = max(0, start + offset)
        return self.place

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        last = min(self.place + len(view), self.file.size) - 1
        if last < self.place:
            return 0
        named: Any = version_argument(self.file)
        answer = self.s3.get_object(Bucket=self.bucket, Key=self.file.key, Range=f"bytes={self.place}-{last}", **named)
        chunk = answer["Body"].read()
        view[: len(chunk)] = chunk
        self.place += len(chunk)
        return len(chunk)


def open_object(s3: S3Client, bucket: str, file: FileVersion) -> BinaryIO:
    """The object, read a mebibyte at a time."""
    return cast(BinaryIO, io.BufferedReader(_S3Raw(s3, bucket, file), _READ_AHEAD))


def open_head(s3: S3Client, bucket: str, file: FileVersion) -> BinaryIO:
    """Its first mebibyte alone, as a file of its own: enough for a header, at the price of one read."""
    with open_object(s3, bucket, file) as whole:
        return io.BytesIO(whole.read(_READ_AHEAD))
