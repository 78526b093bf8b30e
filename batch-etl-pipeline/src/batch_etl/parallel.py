"""Small Spark jobs wait mostly for metadata: side by side they cost the time of the longest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Name = TypeVar("Name")
Result = TypeVar("Result")
AT_ONCE = 4


def side_by_side(work: Callable[[Name], Result], names: Iterable[Name]) -> dict[Name, Result]:
    """`work` of every name, in threads; the first error is raised when all have ended."""
    wanted = list(names)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(wanted, pool.map(work, wanted), strict=True))
