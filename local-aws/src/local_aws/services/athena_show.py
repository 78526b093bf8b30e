"""SHOW and DESCRIBE, in the words and columns that Athena uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local_aws.services.athena_plan import Plan
from local_aws.services.athena_tables import (
    Answer,
    CatalogError,
    GlueTable,
    Tables,
    columns_of,
    folder_of,
    is_iceberg,
    is_view,
    literals,
)
from local_aws.services.athena_text import Statement


@dataclass(frozen=True)
class Shows:
    """Reads the catalog only."""

    tables: Tables

    def show(self, statement: Statement, database: str) -> Answer | Plan:  # noqa: PLR0911 - one return a form
        match statement.words[1]:
            case "DATABASES" | "SCHEMAS":
                return ["database_name"], _like(self.tables.databases(), statement)
            case "TABLES":
                found = self.tables.of(_database(statement, 2, database))
                return ["tab_name"], _like((table["Name"] for table in found), statement)
            case "VIEWS":
                found = self.tables.of(_database(statement, 2, database))
                return ["views"], _like((table["Name"] for table in found if is_view(table)), statement)
            case "COLUMNS":
                schema, name, index = statement.name_at(3, database)
                table = self.tables.get(_database(statement, index, schema), name)
                return ["field"], [[f"{column['Name']:<20}"] for column in columns_of(table)]
            case "PARTITIONS":
                return self._partitions(statement, database)
            case "TBLPROPERTIES":
                return self._properties(statement, database)
            case "CREATE" if statement.words[2] == "TABLE":
                table, _ = self.tables.named(statement, 3, database)
                lines = self._iceberg(table) if is_iceberg(table) else hive_create(table)
                return ["createtab_stmt"], [[line] for line in lines]
        return Plan([statement.text.replace("`", '"')])

    def describe(self, statement: Statement, database: str) -> Answer:
        """As Hive prints it: three padded columns, then the partition columns again."""
        index = 2 if statement.words[1] in ("FORMATTED", "EXTENDED") else 1
        table, _ = self.tables.named(statement, index, database)
        rows = [_padded(column) for column in columns_of(table)]
        if keys := table.get("PartitionKeys"):
            heading = _padded({"Name": "# col_name", "Type": "data_type", "Comment": "comment"})
            blank = ["", " ", " "]
            rows += [blank, ["# Partition Information", " ", " "], heading, blank, *map(_padded, keys)]
        return ["col_name", "data_type", "comment"], rows

    def _partitions(self, statement: Statement, database: str) -> Answer:
        table, _ = self.tables.named(statement, 2, database)
        if not table.get("PartitionKeys"):
            raise CatalogError(
                f"FAILED: Execution Error. Table {table['DatabaseName']}.{table['Name']} is not a partitioned table"
            )
        found = sorted(folder_of(table, partition["Values"]) for partition in self.tables.partitions(table))
        return ["partition"], [[folder] for folder in found]

    def _properties(self, statement: Statement, database: str) -> Answer:
        table, index = self.tables.named(statement, 2, database)
        wanted = literals(statement, index)
        found = sorted(self.tables.properties(table).items())
        return ["prpt_name", "prpt_value"], [[key, value] for key, value in found if not wanted or key in wanted]

    def _iceberg(self, table: GlueTable) -> list[str]:
        """The statement that Athena would make an Iceberg table with; the partitioning stands in its metadata file."""
        metadata = self.tables.iceberg_metadata(table)
        columns = ",\n".join(f"  {column['Name']} {column['Type']}" for column in columns_of(table))
        lines = [f"CREATE TABLE {table['DatabaseName']}.{table['Name']} (\n{columns})"]
        if transforms := list(_transforms(metadata)):
            lines.append(f"PARTITIONED BY ({', '.join(f'`{transform}`' for transform in transforms)})")
        lines.append(f"LOCATION '{metadata['location']}'")
        own = {"table_type": "iceberg"} | dict(sorted(metadata.get("properties", {}).items()))
        pairs = ",\n".join(f"  '{key}'='{value}'" for key, value in own.items())
        return "\n".join([*lines, f"TBLPROPERTIES (\n{pairs}\n)"]).splitlines()


def hive_create(table: GlueTable) -> list[str]:
    """CREATE EXTERNAL TABLE as Hive writes it."""
    storage = table["StorageDescriptor"]
    serde = storage.get("SerdeInfo", {})
    text = f"CREATE EXTERNAL TABLE `{table['DatabaseName']}.{table['Name']}`(\n{_definitions(storage['Columns'])})"
    if table.get("Description"):
        text += f"\nCOMMENT {_quoted(table['Description'])}"
    if table.get("PartitionKeys"):
        text += f"\nPARTITIONED BY ( \n{_definitions(table['PartitionKeys'])})"
    text += f"\nROW FORMAT SERDE \n  {_quoted(serde.get('SerializationLibrary', ''))} "
    if serde.get("Parameters"):
        text += f"\nWITH SERDEPROPERTIES ( \n{_pairs(serde['Parameters'])}) "
    text += f"\nSTORED AS INPUTFORMAT \n  {_quoted(storage.get('InputFormat', ''))} "
    text += f"\nOUTPUTFORMAT \n  {_quoted(storage.get('OutputFormat', ''))}"
    text += f"\nLOCATION\n  {_quoted(storage.get('Location', ''))}"
    properties = {key: value for key, value in table.get("Parameters", {}).items() if key != "EXTERNAL"}
    return (text + (f"\nTBLPROPERTIES (\n{_pairs(properties)})" if properties else "")).splitlines()


def _definitions(columns: list[dict[str, Any]]) -> str:
    return ", \n".join(f"  `{c['Name']}` {c['Type']} COMMENT {_quoted(c.get('Comment', ''))}" for c in columns)


def _pairs(properties: dict[str, str]) -> str:
    return ", \n".join(f"  {_quoted(key)}={_quoted(value)}" for key, value in sorted(properties.items()))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t") + "'"


def _padded(column: dict[str, Any]) -> list[str]:
    return [f"{text:<20}" for text in (column["Name"], column["Type"], column.get("Comment", ""))]


def _transforms(metadata: dict[str, Any]) -> Iterable[str]:
    """The current partition spec, as CREATE TABLE writes it: day(ts), bucket(4, id), country."""
    schema = next(s for s in metadata["schemas"] if s["schema-id"] == metadata["current-schema-id"])
    names = {found["id"]: found["name"] for found in schema["fields"]}
    spec = next(s for s in metadata["partition-specs"] if s["spec-id"] == metadata["default-spec-id"])
    for part in spec["fields"]:
        name, transform = names[part["source-id"]], part["transform"]
        sized = re.fullmatch(r"(bucket|truncate)\[(\d+)\]", transform)
        if transform == "void":  # a field that was dropped
            continue
        if transform == "identity":
            yield name
        else:
            yield f"{sized[1]}({sized[2]}, {name})" if sized else f"{transform}({name})"


def _database(statement: Statement, index: int, otherwise: str) -> str:
    if statement.words[index : index + 1] in (["IN"], ["FROM"]):
        return statement.tokens[index + 1].text.lower()
    return otherwise


def _like(names: Iterable[str], statement: Statement) -> list[list[str]]:
    """Athena's patterns: a regular expression in which a bare * means any characters and | either side."""
    pattern = next(iter(literals(statement, 2)), "*")
    try:
        wanted = re.compile(re.sub(r"(?<!\.)\*", ".*", pattern), re.IGNORECASE)
    except re.error as error:
        raise CatalogError(f"FAILED: SemanticException: '{pattern}' is not a pattern: {error}") from error
    return [[name] for name in sorted(names) if wanted.fullmatch(name)]
