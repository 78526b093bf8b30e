"""How a file's bytes are text: UTF-8 with or without its mark, UTF-16, or one byte a letter as Windows writes it."""

from __future__ import annotations

import codecs
import io
import zipfile
import zlib
from typing import BinaryIO

UNDECODABLE = "\udc80"
"""Stands where bytes were no text: no other string has it, so a row with one is known to be damaged."""
_CHUNK = 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")

codecs.register_error("retail-mark", lambda error: (UNDECODABLE, error.end))  # type: ignore[attr-defined]


def text_of(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The stream as text with \\n at line ends; undecodable bytes become UNDECODABLE."""
    return io.TextIOWrapper(stream, encoding, errors="retail-mark", newline=None)


def encoding_of(stream: BinaryIO, scan: int) -> str:
    """The codec's name, from a look at so many bytes, or all, in bounded memory.

    A text in which valid UTF-8 prevails is UTF-8 with damaged rows; otherwise every byte is a letter.
    """
    first = _read(stream)
    for mark, codec in _MARKS:
        if first.startswith(mark):
            return codec
    if wide := _without_mark(first[:4096]):
        return wide
    return _eight_bit(first, stream, scan)


def _read(stream: BinaryIO) -> bytes:
    """A packed file that breaks off is looked at up to there: its reader will say where that is."""
    try:
        return stream.read(_CHUNK)
    except (EOFError, zlib.error, zipfile.BadZipFile):
        return b""


def _without_mark(sample: bytes) -> str | None:
    """UTF-16 without a mark shows by its zeros: every second byte of Western text."""
    if len(sample) < 4:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) * 0.2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _eight_bit(first: bytes, stream: BinaryIO, scan: int) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("retail-mark")
    valid = invalid = 0
    seen: set[int] = set()
    chunk = first
    while chunk and scan > 0:
        scan -= len(chunk)
        if not chunk.isascii():
            text = decoder.decode(chunk)
            wrong = text.count(UNDECODABLE)
            invalid += wrong
            valid += sum(not letter.isascii() for letter in text) - wrong
            seen |= set(chunk) & _NOT_IN_CP1252
        chunk = _read(stream)
    if invalid <= valid:
        return "utf-8"
    return "latin-1" if seen else "cp1252"
