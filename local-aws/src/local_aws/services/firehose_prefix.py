"""Keys of delivered objects. Pure but for the random parts. Source: "Configure Amazon S3 object name format" and
"Understand custom prefixes for Amazon S3 objects"."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EXPRESSION = re.compile(r"!\{([^:}]*):([^}]*)\}")
_TIME_FOLDERS = "%Y/%m/%d/%H/"
_EXTENSIONS = {"GZIP": ".gz", "ZIP": ".zip", "Snappy": ".snappy", "HADOOP_SNAPPY": ".hsnappy"}


def problem(prefix: str, error_prefix: str) -> str | None:
    """Why Firehose refuses these prefixes; None when it takes them."""
    for text in (prefix, error_prefix):
        for namespace, value in EXPRESSION.findall(text):
            if namespace == "timestamp" or (namespace, value) == ("firehose", "random-string"):
                continue
            if (namespace, value) == ("firehose", "error-output-type") and text is error_prefix:
                continue
            if namespace in ("partitionKeyFromQuery", "partitionKeyFromLambda"):
                return "Local AWS does not partition dynamically: use timestamp expressions and partition projection."
            return f"The expression !{{{namespace}:{value}}} is not valid in this prefix."
    has_expressions = bool(EXPRESSION.search(prefix))
    if has_expressions and not error_prefix:
        return "ErrorOutputPrefix is required when Prefix contains expressions."
    if error_prefix and EXPRESSION.search(error_prefix) and "!{firehose:error-output-type}" not in error_prefix:
        return "ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type}."
    return None


def zone_of(name: str | None) -> ZoneInfo:
    """Raises ValueError for a time zone that does not exist."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name} is not a time zone that Firehose supports.") from None


def object_key(stream: str, version: str, config: dict[str, Any], oldest: float) -> str:
    """Of good records; `oldest` is when the first of them arrived."""
    moment = datetime.fromtimestamp(oldest, UTC).astimezone(zone_of(config.get("CustomTimeZone")))
    converted = config.get("DataFormatConversionConfiguration", {}).get("Enabled")
    extension = config.get("FileExtension") or (
        ".parquet" if converted else _EXTENSIONS.get(config["CompressionFormat"], "")
    )
    prefix = config.get("Prefix") or ""
    evaluated = evaluate(prefix, moment) + ("" if EXPRESSION.search(prefix) else moment.strftime(_TIME_FOLDERS))
    return evaluated + _suffix(stream, version, moment) + extension


def error_key(stream: str, version: str, config: dict[str, Any], oldest: float, kind: str) -> str:
    """Of failed records; `kind` is processing-failed or format-conversion-failed."""
    moment = datetime.fromtimestamp(oldest, UTC).astimezone(zone_of(config.get("CustomTimeZone")))
    prefix = config.get("ErrorOutputPrefix")
    if not prefix:
        evaluated = f"{config.get('Prefix') or ''}{kind}/" + moment.strftime(_TIME_FOLDERS)
    elif EXPRESSION.search(prefix):
        evaluated = evaluate(prefix, moment, kind)
    else:
        evaluated = f"{prefix}{kind}/" + moment.strftime(_TIME_FOLDERS)
    return evaluated + _suffix(stream, version, moment)


def evaluate(prefix: str, moment: datetime, kind: str = "") -> str:
    def value(expression: re.Match[str]) -> str:
        if expression[1] == "timestamp":
            return java_time(expression[2], moment)
        if expression[2] == "random-string":
            return "".join(random.choices(string.ascii_letters + string.digits, k=11))  # noqa: S311 - spreads keys
        return kind

    return EXPRESSION.sub(value, prefix)


def java_time(pattern: str, moment: datetime) -> str:
    """A moment by the letters of Java's DateTimeFormatter that name dates and times."""
    parts = re.split(r"('(?:[^']|'')*')", pattern)
    return "".join(
        part[1:-1].replace("''", "'") or "'" if part.startswith("'") else _letters(part, moment) for part in parts
    )


def _letters(text: str, moment: datetime) -> str:
    out = []
    for letter, run in groupby(text):
        width = len(list(run))
        if letter in "yu":
            out.append(f"{moment.year % 100:02d}" if width == 2 else f"{moment.year:0{width}d}")
        elif letter in "ML" and width > 2:
            out.append(moment.strftime("%b" if width == 3 else "%B"))
        elif letter == "E":
            out.append(moment.strftime("%a" if width < 4 else "%A"))
        elif letter == "S":
            out.append(f"{moment.microsecond:06d}".ljust(width, "0")[:width])
        elif letter in _NUMBERS:
            out.append(f"{_NUMBERS[letter](moment):0{width}d}")
        else:
            out.append(letter * width)
    return "".join(out)


_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "M": lambda moment: moment.month,
    "L": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "D": lambda moment: moment.timetuple().tm_yday,
    "H": lambda moment: moment.hour,
    "h": lambda moment: moment.hour % 12 or 12,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
}


def _suffix(stream: str, version: str, moment: datetime) -> str:
    return f"{stream}-{version}-{moment:%Y-%m-%d-%H-%M-%S}-{uuid4()}"
