"""Which folders are tables and which are partitions of one.

"When the majority of schemas at a folder level are similar, the crawler creates partitions of a table instead of
separate tables" (AWS Glue Developer Guide, "How does a crawler determine when to create partitions?").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar
from urllib.parse import unquote

from local_aws.services.glue_crawler_files import FileSchema
from local_aws.services.glue_crawler_types import Columns, all_columns, mergeable

# Two schemas must have this share of the smaller one's columns in common, and of all: columns may be added, but a table
# of two columns is no part of one of twenty. Glue says that similarity counts, not how much of it; these are ours.
SIMILAR, OF_ALL = 0.7, 0.5
Path = tuple[str, ...]  # bucket, then the folders
T = TypeVar("T")


@dataclass(frozen=True)
class CrawledFile:
    """An object that a classifier knew, in the folder of its key."""

    folder: Path
    name: str
    size: int
    schema: FileSchema

    @property
    def location(self) -> str:
        return f"{location_of(self.folder)}{self.name}"


@dataclass(frozen=True)
class Layout:
    """A table at a folder: `depth` levels of folders below it are partition keys. `single`: the table is one file."""

    root: Path
    depth: int
    files: tuple[CrawledFile, ...]
    single: bool = False

    @property
    def schema(self) -> FileSchema:
        """Of its first file: format, compression and details are those of all."""
        return self.files[0].schema

    @cached_property
    def columns(self) -> Columns:
        return all_columns([file.schema.columns for file in self.files])

    @property
    def location(self) -> str:
        return self.files[0].location if self.single else location_of(self.root)

    @property
    def name(self) -> str:
        return self.files[0].name if self.single else self.root[-1]

    @cached_property
    def partitions(self) -> dict[Path, Layout]:
        """Folder names of each partition → what is in it."""
        found: dict[Path, list[CrawledFile]] = {}
        for file in self.files if self.depth else ():
            found.setdefault(file.folder[len(self.root) : len(self.root) + self.depth], []).append(file)
        return {names: Layout((*self.root, *names), 0, tuple(files)) for names, files in found.items()}

    @cached_property
    def keys(self) -> list[str]:
        """Hive-style folders name their key, others are partition_0, partition_1, …"""
        levels = zip(*self.partitions, strict=True) if self.depth else ()
        return [_key(names) or f"partition_{level}" for level, names in enumerate(levels)]

    def values(self, names: Path) -> list[str]:
        """A partition's values: what stands after the = of a Hive-style folder."""
        named = [not key.startswith("partition_") for key in self.keys]
        return [unquote(name.partition("=")[2]) if hive else name for name, hive in zip(names, named, strict=True)]

    def like(self, other: Layout) -> bool:
        """Whether both can be parts of one table."""
        return self.depth == other.depth and not self.single and self.holds_like(other)

    def holds_like(self, other: Layout) -> bool:
        """Whether the data of both are alike, wherever they lie."""
        return not other.single and self.schema.compatible(other.schema) and similar(self.columns, other.columns)


@dataclass
class Folder:
    """The tree of what was listed."""

    path: Path
    files: list[CrawledFile] = field(default_factory=list)
    children: dict[str, Folder] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, files: list[CrawledFile]) -> Folder:
        top = cls(root)
        for file in files:
            folder = top
            for name in file.folder[len(root) :]:
                folder = folder.children.setdefault(name, cls((*folder.path, name)))
            folder.files.append(file)
        return top


def location_of(path: Path) -> str:
    return "s3://" + "/".join(path) + "/"


def similar(one: Columns, other: Columns) -> bool:
    common = [name for name in one if name in other and mergeable(one[name], other[name])]
    return len(common) >= SIMILAR * min(len(one), len(other)) and len(common) >= OF_ALL * len(one | other)


def by_similarity(root: Path, files: list[CrawledFile]) -> list[Layout]:
    """The default: compatible data with similar schemas, folder by folder from the bottom."""
    return _tables(Folder.of(root, files))


def by_compatibility(root: Path, files: list[CrawledFile]) -> list[Layout]:
    """CombineCompatibleSchemas, and a catalog target: one table at the root for each format."""
    groups = _grouped(files, lambda one, other: one.schema.compatible(other.schema))
    return [_flat(root, group) for group in sorted(groups, key=len, reverse=True)]


def at_level(level: int, files: list[CrawledFile]) -> list[Layout]:
    """TableLevelConfiguration: tables are the folders at this level, of which the bucket is the first."""
    roots: dict[Path, list[CrawledFile]] = {}
    for file in files:
        roots.setdefault(file.folder[:level], []).append(file)
    return [layout for root, members in roots.items() for layout in by_compatibility(root, members)]


def _tables(folder: Folder) -> list[Layout]:
    below = [_tables(child) for child in folder.children.values()]
    own = _of_files(folder)
    if not own:
        return _lifted(folder, below)
    inside = [layout for found in below for layout in found]
    if len(own) == 1 and inside and all(own[0].holds_like(layout) for layout in inside):
        return [Layout(folder.path, 0, own[0].files + tuple(file for layout in inside for file in layout.files))]
    return own + inside


def _of_files(folder: Folder) -> list[Layout]:
    """The files of one folder are one table when they are alike; else each is its own."""
    if not folder.files:
        return []
    groups = _grouped(folder.files, _alike)
    if len(groups) == 1:
        return [Layout(folder.path, 0, tuple(folder.files))]
    return [Layout(folder.path, 0, (file,), single=True) for file in folder.files]


def _lifted(folder: Folder, below: list[list[Layout]]) -> list[Layout]:
    """Children that are one table each, most of them alike, are partitions of a table here; the others stay tables."""
    whole = [found[0] for found in below if len(found) == 1 and len(found[0].root) == len(folder.path) + 1]
    groups = sorted(_grouped(whole, Layout.like), key=len, reverse=True)
    if not groups or len(groups[0]) * 2 <= len(below):
        return [layout for found in below for layout in found]
    members = groups[0]
    files = tuple(file for layout in members for file in layout.files)
    rest = [layout for found in below for layout in found if layout not in members]
    return [Layout(folder.path, members[0].depth + 1, files), *rest]


def _flat(root: Path, files: list[CrawledFile]) -> Layout:
    """As many partition levels as every file has folders: a file outside of them would be read by nobody."""
    return Layout(root, min(len(file.folder) for file in files) - len(root), tuple(files))


def _alike(one: CrawledFile, other: CrawledFile) -> bool:
    return one.schema.compatible(other.schema) and similar(one.schema.columns, other.schema.columns)


def _grouped(items: list[T], alike: Callable[[T, T], bool]) -> list[list[T]]:
    """Each item joins the first group whose first member it is like."""
    groups: list[list[T]] = []
    for item in items:
        group = next((group for group in groups if alike(group[0], item)), None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    return groups


def _key(names: tuple[str, ...]) -> str | None:
    """The one key that all the folders of a level name."""
    keys = {name.partition("=")[0].lower() for name in names if "=" in name}
    return keys.pop() if len(keys) == 1 and all("=" in name for name in names) else None
