"""What a crawler writes into the catalog for a table that it found: columns, SerDe, counts, its own marks."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from local_aws.services.glue_crawler_layout import Layout
from local_aws.services.glue_crawler_types import Columns

_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat")
_PARQUET = tuple(f"org.apache.hadoop.hive.ql.io.parquet.MapredParquet{way}Format" for way in ("Input", "Output"))
_FORMATS = {
    "parquet": (*_PARQUET, "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
    "json": (*_TEXT, "org.openx.data.jsonserde.JsonSerDe"),
    "csv": (*_TEXT, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
}
MARK = "UPDATED_BY_CRAWLER"
DEPRECATED = "DEPRECATED_BY_CRAWLER"


@dataclass(frozen=True)
class Author:
    """Who writes: the crawler and its crawl."""

    crawler: str
    crawl_id: str
    prefix: str = ""


def table_name(layout: Layout, author: Author) -> str:
    """Prefix and folder, in lower case; what the catalog does not take in a name becomes an underscore."""
    return author.prefix.lower() + re.sub(r"[^a-z0-9_]", "_", layout.name.lower())


def distinct_name(name: str, layout: Layout) -> str:
    """For a table whose name another one has: a hash of its place follows, as Glue does it."""
    return f"{name}_{hashlib.md5(layout.location.encode(), usedforsecurity=False).hexdigest()}"


def table_input(name: str, layout: Layout, author: Author) -> dict[str, Any]:
    parameters = _parameters(layout) | {MARK: author.crawler, "CRAWL_RUN_ID": author.crawl_id}
    if layout.depth:
        parameters["partition_filtering.enabled"] = "true"
    return {
        "Name": name,
        "Owner": "owner",
        "Retention": 0,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": storage(layout, layout.columns, parameters),
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in layout.keys],
        "Parameters": parameters,
    }


def partition_input(
    values: list[str], layout: Layout, author: Author, *, inherited: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """A partition with the columns of its own files, or with those of its table (InheritFromTable)."""
    parameters = _parameters(layout) | {MARK: author.crawler}
    described = storage(layout, layout.columns, parameters)
    if inherited is not None:
        described["Columns"] = inherited
    return {"Values": values, "StorageDescriptor": described, "Parameters": parameters}


def storage(layout: Layout, columns: Columns, parameters: dict[str, str]) -> dict[str, Any]:
    reads, writes, serde = _FORMATS[layout.schema.format]
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
        "Location": layout.location,
        "InputFormat": reads,
        "OutputFormat": writes,
        "Compressed": layout.schema.compression != "none",
        "NumberOfBuckets": -1,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": _serde_parameters(layout, columns)},
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": parameters,
        "StoredAsSubDirectories": False,
    }


def _serde_parameters(layout: Layout, columns: Columns) -> dict[str, str]:
    match layout.schema.format:
        case "json":
            return {"paths": ",".join(sorted(columns))}
        case "csv":
            return {"field.delim": layout.schema.details["delimiter"]}
        case _:
            return {"serialization.format": "1"}


def _parameters(layout: Layout) -> dict[str, str]:
    rows, size = sum(file.schema.rows for file in layout.files), sum(file.size for file in layout.files)
    return layout.schema.details | {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "averageRecordSize": str(size // rows if rows else 0),
        "classification": layout.schema.format,
        "compressionType": layout.schema.compression,
        "objectCount": str(len(layout.files)),
        "recordCount": str(rows),
        "sizeKey": str(size),
        "typeOfData": "file",
    }
