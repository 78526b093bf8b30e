"""ALTER TABLE and MSCK REPAIR TABLE: Hive tables in the Glue catalog, Iceberg tables by way of Trino."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from local_aws.services.athena_hive_table import column, extra_properties, split_columns, trino_column, trino_type
from local_aws.services.athena_plan import Plan
from local_aws.services.athena_tables import (
    NONE,
    Answer,
    CatalogError,
    GlueTable,
    Tables,
    folder_of,
    given_values,
    iceberg_name,
    is_iceberg,
    key_names,
    pairs,
    whole_values,
)
from local_aws.services.athena_text import Statement, malformed

_PARTITIONS_AT_ONCE = 100


@dataclass(frozen=True)
class Alterations:
    """Each method is one form of ALTER TABLE."""

    tables: Tables

    def alter(self, statement: Statement, database: str) -> Answer | Plan:
        table, index = self.tables.named(statement, 2, database)
        form = _iceberg if is_iceberg(table) else self._hive
        return form(statement, table, index)

    def _hive(self, statement: Statement, table: GlueTable, index: int) -> Answer:
        storage = table["StorageDescriptor"]
        match statement.words[index : index + 2]:
            case ["ADD", "COLUMNS"]:
                storage["Columns"] += _columns(statement, index + 2)
                self.tables.update(table)
            case ["REPLACE", "COLUMNS"]:
                storage["Columns"] = _columns(statement, index + 2)
                self.tables.update(table)
            case ["SET", "TBLPROPERTIES"]:
                table["Parameters"] = table.get("Parameters", {}) | pairs(statement, index + 2)
                self.tables.update(table)
            case ["SET", "LOCATION"]:
                storage["Location"] = statement.tokens[index + 2].text
                self.tables.update(table)
            case ["ADD", "IF" | "PARTITION"]:
                self._add_partitions(statement, table, index)
            case ["DROP", "IF" | "PARTITION"]:
                self._drop_partitions(statement, table, index)
            case ["PARTITION", _]:
                self._change_partition(statement, table, index + 1)
            case _:
                raise malformed(f"line 1:1: mismatched input '{statement.tokens[index].text}' after the table's name")
        return NONE

    def _add_partitions(self, statement: Statement, table: GlueTable, index: int) -> None:
        at = statement.skip(index + 1, "IF", "NOT", "EXISTS")
        tolerant, inputs = at != index + 1, []
        while at < len(statement.words) and statement.words[at] == "PARTITION":
            values = whole_values(statement, at + 1, table)
            at = statement.closing(at + 1) + 1
            location = f"{table['StorageDescriptor']['Location'].rstrip('/')}/{folder_of(table, values)}/"
            if statement.words[at : at + 1] == ["LOCATION"]:
                location = statement.tokens[at + 1].text
                at += 2
            inputs.append(_partition(table, values, location))
        existing = self.create(table, inputs)
        if existing and not tolerant:
            raise CatalogError("FAILED: Execution Error. AlreadyExistsException(message:Partition already exists.)")

    def create(self, table: GlueTable, inputs: list[dict[str, Any]]) -> int:
        """Register partitions; returns how many were there already."""
        existing = 0
        for start in range(0, len(inputs), _PARTITIONS_AT_ONCE):
            answer = self.tables.glue.batch_create_partition(
                DatabaseName=table["DatabaseName"],
                TableName=table["Name"],
                PartitionInputList=inputs[start : start + _PARTITIONS_AT_ONCE],
            )
            for error in answer.get("Errors", []):
                if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                    raise CatalogError(f"FAILED: Execution Error. {error['ErrorDetail']['ErrorMessage']}")
                existing += 1
        return existing

    def _drop_partitions(self, statement: Statement, table: GlueTable, index: int) -> None:
        """A spec that leaves out some columns drops every partition it fits."""
        at = statement.skip(index + 1, "IF", "EXISTS")
        tolerant = at != index + 1
        while at < len(statement.words) and statement.words[at] == "PARTITION":
            given = given_values(statement, at + 1, table)
            found = self._fitting(table, given)
            if not found and not tolerant:
                raise CatalogError(f"FAILED: SemanticException [Error 10006]: Partition not found {given}")
            for values in found:
                self._delete(table, values)
            at = statement.skip(statement.closing(at + 1) + 1, ",")

    def _fitting(self, table: GlueTable, given: dict[str, str]) -> list[list[str]]:
        keys = key_names(table)
        all_values = [partition["Values"] for partition in self.tables.partitions(table)]
        return [v for v in all_values if given.items() <= dict(zip(keys, v, strict=True)).items()]

    def _change_partition(self, statement: Statement, table: GlueTable, opening: int) -> None:
        """PARTITION (…) SET LOCATION '…' and PARTITION (…) RENAME TO PARTITION (…)."""
        values = whole_values(statement, opening, table)
        at = statement.closing(opening) + 1
        found = next((p for p in self.tables.partitions(table) if p["Values"] == values), None)
        if found is None:
            raise CatalogError(f"FAILED: SemanticException [Error 10006]: Partition not found {values}")
        if statement.words[at : at + 2] == ["SET", "LOCATION"]:
            location = statement.tokens[at + 2].text
            renamed = values
        elif statement.words[at : at + 3] == ["RENAME", "TO", "PARTITION"]:
            location = found["StorageDescriptor"]["Location"]
            renamed = whole_values(statement, at + 3, table)
        else:
            raise malformed("line 1:1: mismatched input. Expecting: SET LOCATION, RENAME TO PARTITION")
        self._delete(table, values)
        self.create(table, [_partition(table, renamed, location)])

    def _delete(self, table: GlueTable, values: list[str]) -> None:
        self.tables.glue.delete_partition(
            DatabaseName=table["DatabaseName"], TableName=table["Name"], PartitionValues=values
        )

    def repair(self, statement: Statement, database: str) -> Answer:
        """MSCK REPAIR TABLE: register the folders that look like partitions."""
        table, _ = self.tables.named(statement, 3, database)
        location = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
        known = {tuple(partition["Values"]) for partition in self.tables.partitions(table)}
        found = dict(filter(None, (_partition_folder(table, location, n) for n in self.tables.list_files(location))))
        new = {values: folder for values, folder in sorted(found.items()) if values not in known}
        self.create(table, [_partition(table, list(v), f"{location}{folder}/") for v, folder in new.items()])
        folders = [f"{table['Name']}:{folder}" for folder in new.values()]
        told = [["Partitions not in metastore:", *folders]] if folders else []
        return [], told + [[f"Repair: Added partition to metastore {folder}"] for folder in folders]


def _iceberg(statement: Statement, table: GlueTable, index: int) -> Answer | Plan:
    """Iceberg's schema and properties stand in its metadata, which only an Iceberg engine may write."""
    words, tokens, alter = statement.words, statement.tokens, f"ALTER TABLE {iceberg_name(table)}"
    match words[index : index + 2]:
        case ["ADD", "COLUMNS"]:
            return Plan([f"{alter} ADD COLUMN {trino_column(added)}" for added in _columns(statement, index + 2)])
        case ["DROP", "COLUMN"]:
            return Plan([f'{alter} DROP COLUMN "{tokens[index + 2].text}"'])
        case ["CHANGE", _]:
            at = statement.skip(index + 1, "COLUMN")
            old, changed = tokens[at].text.lower(), column(statement.text_from(at + 1))
            renames = [f'{alter} RENAME COLUMN "{old}" TO "{changed["Name"]}"'] if old != changed["Name"] else []
            kind = trino_type(changed["Type"])
            return Plan([*renames, f'{alter} ALTER COLUMN "{changed["Name"]}" SET DATA TYPE {kind}'])
        case ["SET", "TBLPROPERTIES"]:
            given = pairs(statement, index + 2)
            settings = [f"format = '{given.pop('format').upper()}'"] if "format" in given else []
            return Plan([f"{alter} SET PROPERTIES {', '.join([*settings, *extra_properties(given)])}"])
    raise CatalogError("NOT_SUPPORTED: this ALTER TABLE is not supported on Iceberg tables")


def _columns(statement: Statement, opening: int) -> list[dict[str, str]]:
    return [column(text) for text in split_columns(statement.inside(opening))]


def _partition(table: GlueTable, values: list[str], location: str) -> dict[str, Any]:
    return {"Values": values, "StorageDescriptor": table["StorageDescriptor"] | {"Location": location}}


def _partition_folder(table: GlueTable, location: str, name: str) -> tuple[tuple[str, ...], str] | None:
    """…/DT=2024-01-01/at=10%3A30/file → (("2024-01-01", "10:30"), "DT=2024-01-01/at=10%3A30")"""
    keys = key_names(table)
    folders = name.removeprefix(location).split("/")[:-1][: len(keys)]
    parts = [folder.partition("=") for folder in folders]
    if not keys or [key.lower() for key, _, _ in parts] != keys:
        return None
    return tuple(unquote(value) for _, _, value in parts), "/".join(folders)
