"""A file to its parts, by what its bytes are first and its name second."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from batch_etl.sources.store_files.delimited import delimited_part
from batch_etl.sources.store_files.entries import FileRefused, Limits, Part, TooLarge
from batch_etl.sources.store_files.json_rows import json_part
from batch_etl.sources.store_files.workbook import sheets

UNREADABLE = (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, NotImplementedError, RuntimeError)
"""What packed bytes that are damaged, encrypted or of an unknown method raise."""
KINDS = "a .csv, .tsv, .txt, .json, .jsonl, .ndjson or .xlsx, as it is or packed as .gz or .zip"
_TEXT, _JSON, _BOOK = {".csv", ".tsv", ".txt"}, {".json", ".jsonl", ".ndjson"}, {".xlsx", ".xlsm"}
_ZIP, _GZIP, _OLE = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Content:
    """Bytes under a name. `open` gives them from their beginning each time; `size` is that of the stored file."""

    name: str
    open: Callable[[], BinaryIO]
    size: int
    part: str = ""


def parts_of(content: Content, known: Collection[str], limits: Limits) -> Iterator[Part | FileRefused]:
    """Every table in the file, and in the place of each that cannot be read why. Raises FileRefused when nothing can.

    `known`: the names of columns that contracts know, as `spelled` makes them.
    """
    try:
        yield from _parts(content, known, limits, depth=0)
    except UNREADABLE as problem:
        raise FileRefused(f"the packed file is damaged or encrypted ({type(problem).__name__})", _again()) from problem


def _parts(content: Content, known: Collection[str], limits: Limits, depth: int) -> Iterator[Part | FileRefused]:
    with content.open() as stream:
        first = stream.read(4)
    suffix = PurePosixPath(content.name.lower()).suffix
    if not first:
        raise FileRefused("the file is empty", "Send a header and a line or an object for each row.")
    if first.startswith(_GZIP):
        yield from _unpacked_gzip(content, known, limits, depth)
    elif first.startswith(_ZIP) and suffix not in _BOOK and not _is_workbook(content):
        yield from _unpacked_zip(content, known, limits, depth)
    elif first.startswith(_ZIP):
        yield from sheets(content.open, limits)
    elif first.startswith(_OLE):
        raise FileRefused("the file is an old or an encrypted workbook", "Save it as .xlsx without a password.")
    elif suffix in _JSON:
        yield json_part(content.part, content.open, limits)
    elif suffix in _TEXT:
        yield delimited_part(content.part, content.open, known, limits)
    elif suffix in _BOOK:
        raise FileRefused("the file is no workbook, or a part of one", "Save it anew as .xlsx and send it again.")
    else:
        raise FileRefused(f"files of the kind {suffix or 'without a suffix'} are not read", f"Send {KINDS}.")


def _unpacked_gzip(
    content: Content, known: Collection[str], limits: Limits, depth: int
) -> Iterator[Part | FileRefused]:
    _not_again(depth)
    inner = content.name.lower().removesuffix(".gz")
    bound = limits.unpacked_from(content.size)

    def unpack() -> BinaryIO:
        return _bounded(gzip.GzipFile(fileobj=content.open()), bound)

    inside = Content(inner, unpack, content.size, content.part)
    yield from _parts(_seekable(inside, limits), known, limits, depth + 1)


def _unpacked_zip(content: Content, known: Collection[str], limits: Limits, depth: int) -> Iterator[Part | FileRefused]:
    """Members are read as streams under their names and never written under them: `../` leads nowhere."""
    _not_again(depth)
    with content.open() as source, zipfile.ZipFile(source) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
    unpacked, bound = sum(member.file_size for member in members), limits.unpacked_from(content.size)
    if len(members) > limits.members or unpacked > bound:
        raise TooLarge(f"the archive holds {len(members):,} files of {unpacked:,} bytes", "Send fewer in an archive.")
    if not members:
        raise FileRefused("the archive is empty", f"Send {KINDS}.")
    for member in members:
        try:
            inner = Content(member.filename, _opener(content, member, bound), content.size, member.filename)
            yield from _parts(_seekable(inner, limits), known, limits, depth + 1)
        except FileRefused as refusal:
            yield FileRefused(f"{member.filename}: {refusal.reason}", refusal.remedy)
        except UNREADABLE as problem:
            yield FileRefused(f"{member.filename} is damaged or encrypted ({type(problem).__name__})", _again())


def _opener(content: Content, member: zipfile.ZipInfo, bound: int) -> Callable[[], BinaryIO]:
    def unpack() -> BinaryIO:
        archive = zipfile.ZipFile(content.open())
        return _bounded(cast(zipfile.ZipExtFile, archive.open(member)), bound)

    return unpack


def _seekable(content: Content, limits: Limits) -> Content:
    """A packed workbook must be unpacked to be read; a temporary file of no name takes it."""
    with content.open() as stream:
        if not stream.read(4).startswith(_ZIP):
            return content
    spooled = tempfile.SpooledTemporaryFile(max_size=2**24)  # noqa: SIM115 - lives as long as its parts
    with content.open() as stream:
        while chunk := stream.read(2**20):
            spooled.write(chunk)
            if spooled.tell() > limits.workbook:
                raise TooLarge(f"it unpacks to a workbook of more than {limits.workbook:,} bytes", _as_csv())
    return Content(content.name, lambda: _from_start(cast(BinaryIO, spooled)), content.size, content.part)


def _from_start(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return cast(BinaryIO, _KeptOpen(file))


class _KeptOpen(io.RawIOBase):
    """Another reader of the same file, whose end does not close it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        chunk = self._file.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)


class _Bounded(io.RawIOBase):
    """A stream that ends in TooLarge beyond `bound` bytes, whatever its archive says of its size.

    Damage shows after what stands before it has been read: first as the end, then, to who reads on, as its error.
    """

    def __init__(self, stream: io.BufferedIOBase, bound: int) -> None:
        self._stream, self._bound, self._read = stream, bound, 0
        self._damage: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if self._damage is not None:
            raise self._damage
        try:
            chunk = self._stream.read1(len(view))
        except UNREADABLE as damage:
            self._damage, chunk = damage, b""
        self._read += len(chunk)
        if self._read > self._bound:
            raise TooLarge(f"it unpacks to more than {self._bound:,} bytes", "Send it in several files, or unpacked.")
        view[: len(chunk)] = chunk
        return len(chunk)


def _bounded(stream: io.BufferedIOBase | zipfile.ZipExtFile, bound: int) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Bounded(stream, bound), 2**18))


def _is_workbook(content: Content) -> bool:
    with content.open() as source:
        try:
            with zipfile.ZipFile(source) as archive:
                return "[Content_Types].xml" in archive.namelist()
        except UNREADABLE:
            return False


def _not_again(depth: int) -> None:
    if depth:
        raise FileRefused("an archive stands inside an archive", f"Send {KINDS}.")


def _as_csv() -> str:
    return "Send so many rows as CSV, compressed by gzip."


def _again() -> str:
    return "Pack it anew, without a password, and send it again."
