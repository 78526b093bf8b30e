"""A crawl's findings, written into the catalog under the crawler's policies. All calls block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local_aws.services.glue_crawler_definitions import configuration_of
from local_aws.services.glue_crawler_layout import Layout
from local_aws.services.glue_crawler_tables import (
    DEPRECATED,
    MARK,
    Author,
    distinct_name,
    partition_input,
    table_input,
    table_name,
)
from local_aws.wire import Params

_INPUT = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters",
)  # fmt: skip
_BATCH = 100


@dataclass
class Changes:
    """What a crawl did, by name: tables and partitions that were added, updated, deleted."""

    made: dict[str, list[str]] = field(default_factory=dict)

    def note(self, kind: str, change: str, name: str) -> None:
        self.made.setdefault(f"{kind} {change}", []).append(name)

    def count(self, kind: str, change: str) -> int:
        return len(self.made.get(f"{kind} {change}", []))


@dataclass
class CatalogWriter:
    """`glue` is a boto3 client; `say` takes a line for the crawl's log."""

    glue: Any
    crawler: Params
    author: Author
    say: Callable[[str], None]
    changes: Changes = field(default_factory=Changes)

    def write(self, layouts: list[Layout], roots: list[str]) -> None:
        """Add and update the tables found, then see to those of this crawler whose data is gone from `roots`."""
        held = {table["Name"]: table for table in self._tables(self.crawler["DatabaseName"])}
        places = {_place(table): table for table in held.values() if _is_plain(table)}
        found = set()
        for layout in layouts:
            table = places.get(layout.location.rstrip("/"))
            if table is None:
                table = self._create(layout, held)
                held[table["Name"]] = table
            else:
                self.update(table, layout)
            found.add(table["Name"])
        for name, table in held.items():
            ours = table.get("Parameters", {}).get(MARK) == self.author.crawler
            if name not in found and ours and any(_place(table).startswith(root.rstrip("/")) for root in roots):
                self._gone(table)

    def update(self, table: Params, layout: Layout) -> None:
        """Bring a table of the catalog, and its partitions, to what was found at its place."""
        wanted = table_input(table["Name"], layout, self.author)
        if self._policy["UpdateBehavior"] == "LOG":
            if _definition(table) != _definition(wanted):
                self.say(f"INFO : The schema of table {table['Name']} has changed; the policy is to log it.")
            if len(_keys(table)) != layout.depth:
                self.say(f"WARN : Table {table['Name']} has other partition keys than its folders: none is added.")
                return
        else:
            self._overwrite(table, wanted)
        self._write_partitions(table["Name"], self._database(table), layout)

    @property
    def _policy(self) -> Params:
        policy: Params = self.crawler["SchemaChangePolicy"]
        return policy

    def _behavior(self, of: str) -> str | None:
        output = configuration_of(self.crawler).get("CrawlerOutput", {}).get(of, {})
        return output.get("AddOrUpdateBehavior") if isinstance(output, dict) else None

    def _database(self, table: Params) -> str:
        return str(table.get("DatabaseName") or self.crawler["DatabaseName"])

    # --- tables

    def _tables(self, database: str) -> Iterator[Params]:
        for page in self.glue.get_paginator("get_tables").paginate(DatabaseName=database):
            yield from page["TableList"]

    def _create(self, layout: Layout, held: dict[str, Params]) -> Params:
        name = table_name(layout, self.author)
        name = distinct_name(name, layout) if name in held else name
        wanted = table_input(name, layout, self.author)
        self.glue.create_table(DatabaseName=self.crawler["DatabaseName"], TableInput=wanted)
        self.changes.note("TABLE", "ADD", name)
        self.say(f"INFO : Created table {name} in database {self.crawler['DatabaseName']}")
        self._write_partitions(name, self.crawler["DatabaseName"], layout)
        return wanted

    def _overwrite(self, table: Params, wanted: Params) -> None:
        if self._behavior("Tables") == "MergeNewColumns":
            held = _columns(table)
            known = {column["Name"] for column in held}
            wanted["StorageDescriptor"]["Columns"] = held + [
                column for column in _columns(wanted) if column["Name"] not in known
            ]
            wanted["Parameters"] = table.get("Parameters", {}) | wanted["Parameters"]
        if _definition(table) == _definition(wanted):
            return
        if _keys(table) != _keys(wanted):
            for values in list(self._partitions(table["Name"], self._database(table))):
                self._delete_partition(table["Name"], self._database(table), values)
        self.glue.update_table(DatabaseName=self._database(table), TableInput=wanted)
        if _columns(table) != _columns(wanted) or _keys(table) != _keys(wanted):
            self.changes.note("TABLE", "UPDATE", table["Name"])
            self.say(f"INFO : Updated table {table['Name']}")

    def _gone(self, table: Params) -> None:
        """Nothing is left at the table's place."""
        name, behavior = table["Name"], self._policy["DeleteBehavior"]
        if behavior == "DELETE_FROM_DATABASE":
            self.glue.delete_table(DatabaseName=self._database(table), Name=name)
            self.changes.note("TABLE", "DELETE", name)
        elif behavior == "DEPRECATE_IN_DATABASE" and DEPRECATED not in table["Parameters"]:
            marked = {key: table[key] for key in _INPUT if key in table}
            marked["Parameters"] = table["Parameters"] | {DEPRECATED: str(int(time.time() * 1000))}
            self.glue.update_table(DatabaseName=self._database(table), TableInput=marked)
            self.changes.note("TABLE", "UPDATE", name)
        self.say(f"INFO : Table {name} has no data at {table['StorageDescriptor']['Location']}: {behavior}")

    # --- partitions

    def _partitions(self, table: str, database: str) -> dict[tuple[str, ...], Params]:
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
        return {tuple(one["Values"]): one for page in pages for one in page["Partitions"]}

    def _write_partitions(self, table: str, database: str, layout: Layout) -> None:
        """New ones are added whatever the policies say, as Glue does for S3."""
        held = self._partitions(table, database)
        columns = self._inherited(table, database)
        found = {tuple(layout.values(names)): part for names, part in layout.partitions.items()}
        inputs = {
            values: partition_input(list(values), part, self.author, inherited=columns)
            for values, part in found.items()
        }
        names = {"DatabaseName": database, "TableName": table}
        for some in _batches([entry for values, entry in inputs.items() if values not in held]):
            self.glue.batch_create_partition(**names, PartitionInputList=some)
            for entry in some:
                self.changes.note("PARTITION", "ADD", f"{table}({','.join(entry['Values'])})")
        if self._policy["UpdateBehavior"] != "LOG":
            self._update_partitions(names, {values: inputs[values] for values in inputs if values in held}, held)
        for values in held.keys() - found.keys():
            if self._policy["DeleteBehavior"] == "DELETE_FROM_DATABASE":
                self._delete_partition(table, database, values)

    def _update_partitions(
        self, names: Params, wanted: dict[tuple[str, ...], Params], held: dict[tuple[str, ...], Params]
    ) -> None:
        changed = [
            {"PartitionValueList": list(values), "PartitionInput": entry}
            for values, entry in wanted.items()
            if _definition(held[values]) != _definition(entry)
        ]
        for some in _batches(changed):
            self.glue.batch_update_partition(**names, Entries=some)
            for entry in some:
                values = ",".join(entry["PartitionValueList"])
                self.changes.note("PARTITION", "UPDATE", f"{names['TableName']}({values})")

    def _delete_partition(self, table: str, database: str, values: tuple[str, ...]) -> None:
        self.glue.delete_partition(DatabaseName=database, TableName=table, PartitionValues=list(values))
        self.changes.note("PARTITION", "DELETE", f"{table}({','.join(values)})")

    def _inherited(self, table: str, database: str) -> list[Params] | None:
        if self._behavior("Partitions") != "InheritFromTable":
            return None
        return _columns(self.glue.get_table(DatabaseName=database, Name=table)["Table"])


def _batches(entries: list[Params]) -> Iterator[list[Params]]:
    """As many as one call of the catalog takes."""
    return (entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH))


def _is_plain(table: Params) -> bool:
    """A table of files: an Iceberg table's files are its own affair."""
    return "StorageDescriptor" in table and table.get("Parameters", {}).get("table_type", "").upper() != "ICEBERG"


def _place(table: Params) -> str:
    return str(table.get("StorageDescriptor", {}).get("Location", "")).rstrip("/")


def _columns(table: Params) -> list[Params]:
    return [{"Name": column["Name"], "Type": column["Type"]} for column in table["StorageDescriptor"]["Columns"]]


def _keys(table: Params) -> list[str]:
    return [key["Name"] for key in table.get("PartitionKeys", [])]


def _definition(table: Params) -> tuple[object, ...]:
    """What makes two definitions differ; which crawl wrote them does not."""
    parameters = {key: value for key, value in table.get("Parameters", {}).items() if key != "CRAWL_RUN_ID"}
    return _columns(table), _keys(table), parameters, _place(table)
