"""One crawl from its targets to the catalog. Blocking."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_aws.services.glue_crawler_catalog import CatalogWriter, Changes
from local_aws.services.glue_crawler_definitions import configuration_of
from local_aws.services.glue_crawler_layout import (
    CrawledFile,
    Layout,
    Path,
    at_level,
    by_compatibility,
    by_similarity,
    location_of,
)
from local_aws.services.glue_crawler_source import Source
from local_aws.services.glue_crawler_tables import Author
from local_aws.wire import Params

Group = Callable[[Path, list[CrawledFile]], list[Layout]]


@dataclass(frozen=True)
class Crawl:
    """`clients` gives a boto3 client by service name."""

    crawler: Params
    crawl_id: str
    clients: Callable[[str], Any]
    go_on: Callable[[], None]
    say: Callable[[str], None]

    def run(self) -> Changes:
        """Returns what changed in the catalog; raises CrawlStoppedError, or what the services answer."""
        author = Author(self.crawler["Name"], self.crawl_id, self.crawler.get("TablePrefix", ""))
        writer = CatalogWriter(self.clients("glue"), self.crawler, author, self.say)
        source = Source(self.clients("s3"), self.go_on, self.say)
        targets = self.crawler["Targets"]
        for target in targets.get("CatalogTargets") or []:
            self._tables(target, source, writer)
        if s3 := targets.get("S3Targets"):
            found = [source.files(target) for target in s3]
            group = grouping(configuration_of(self.crawler).get("Grouping", {}))
            layouts = [layout for root, files in found if files for layout in group(root, files)]
            writer.write(layouts, [location_of(root) for root, _ in found])
        return writer.changes

    def _tables(self, target: Params, source: Source, writer: CatalogWriter) -> None:
        """A catalog target is crawled where its tables lie; no other table is made of it."""
        for name in target["Tables"]:
            table = self.clients("glue").get_table(DatabaseName=target["DatabaseName"], Name=name)["Table"]
            root, files = source.files({"Path": table["StorageDescriptor"]["Location"]})
            if files:
                writer.update(table, by_compatibility(root, files)[0])


def grouping(wanted: Params) -> Group:
    """How files become tables, by the Grouping of a crawler's configuration."""
    if level := wanted.get("TableLevelConfiguration"):
        return lambda _root, files: at_level(int(level), files)
    if wanted.get("TableGroupingPolicy") == "CombineCompatibleSchemas":
        return by_compatibility
    return by_similarity


def summary(changes: Changes) -> str:
    """The Summary of a crawl's history: names and counts by kind and change."""
    result: dict[str, dict[str, Any]] = {}
    for what, names in changes.made.items():
        kind, change = what.split()
        result.setdefault(kind, {})[change] = {"Details": {"names": names[:20]}, "Count": len(names)}
    return json.dumps(result)
