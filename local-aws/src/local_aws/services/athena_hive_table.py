"""CREATE EXTERNAL TABLE and CREATE TABLE … ICEBERG, read into what the catalog (or Trino) needs.

Source: AWS, "CREATE TABLE" and "Create Iceberg tables" in the Athena user guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from local_aws.engines.trino import ICEBERG_CATALOG
from local_aws.services.athena_tables import CatalogError, pairs
from local_aws.services.athena_text import Statement, malformed, quoted, unescaped

_HADOOP = "org.apache.hadoop.hive.ql.io"
_TEXT_IN, _TEXT_OUT = "org.apache.hadoop.mapred.TextInputFormat", f"{_HADOOP}.HiveIgnoreKeyTextOutputFormat"
_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
FORMATS: dict[str, tuple[str, str, str]] = {
    "PARQUET": (f"{_HADOOP}.parquet.MapredParquetInputFormat", f"{_HADOOP}.parquet.MapredParquetOutputFormat",
                f"{_HADOOP}.parquet.serde.ParquetHiveSerDe"),
    "ORC": (f"{_HADOOP}.orc.OrcInputFormat", f"{_HADOOP}.orc.OrcOutputFormat", f"{_HADOOP}.orc.OrcSerde"),
    "AVRO": (f"{_HADOOP}.avro.AvroContainerInputFormat", f"{_HADOOP}.avro.AvroContainerOutputFormat",
             "org.apache.hadoop.hive.serde2.avro.AvroSerDe"),
    "TEXTFILE": (_TEXT_IN, _TEXT_OUT, _LAZY),
    "JSON": (_TEXT_IN, _TEXT_OUT, "org.openx.data.jsonserde.JsonSerDe"),
}  # fmt: skip
_COLUMN = re.compile(
    r"""(?P<name>`[^`]+`|"[^"]+"|\S+)\s+(?P<type>.+?)(\s+comment\s+(?P<comment>'.*'|".*"))?""",
    re.IGNORECASE | re.DOTALL,
)
_HIVE_NAMES = {"integer": "int", "varbinary": "binary"}
_DELIMITERS = {"FIELDS": "field.delim", "LINES": "line.delim", "COLLECTION": "collection.delim", "MAP": "mapkey.delim"}


@dataclass
class TableDefinition:
    """What the clauses of a CREATE TABLE say."""

    database: str
    table: str
    if_not_exists: bool = False
    external: bool = False
    columns: list[dict[str, str]] = field(default_factory=list)
    partition_text: list[str] = field(default_factory=list)
    comment: str | None = None
    location: str = ""
    stored_as: str = "TEXTFILE"
    input_format: str = ""
    output_format: str = ""
    serde: str = ""
    serde_parameters: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def iceberg(self) -> bool:
        return self.parameters.get("table_type", "").upper() == "ICEBERG"

    def table_input(self) -> dict[str, Any]:
        """Glue's TableInput, as Athena writes it for an external table."""
        input_format, output_format, serde = FORMATS[self.stored_as]
        keys = [column(text) for text in self.partition_text]
        _refuse_twins([found["Name"] for found in [*self.columns, *keys]])
        result: dict[str, Any] = {
            "Name": self.table,
            "TableType": "EXTERNAL_TABLE",
            "Owner": "hadoop",
            "PartitionKeys": keys,
            "Parameters": {"EXTERNAL": "TRUE", **self.parameters},
            "StorageDescriptor": {
                "Columns": self.columns,
                "Location": self.location,
                "InputFormat": self.input_format or input_format,
                "OutputFormat": self.output_format or output_format,
                "Compressed": False,
                "NumberOfBuckets": -1,
                "SerdeInfo": {
                    "SerializationLibrary": self.serde or serde,
                    "Parameters": {"serialization.format": "1", **self.serde_parameters},
                },
            },
        }
        return result | ({"Description": self.comment} if self.comment else {})

    def iceberg_sql(self) -> str:
        settings = [f"location = {quoted(self.location.rstrip('/'))}"]
        settings.append(f"format = '{self.parameters.get('format', 'parquet').upper()}'")
        if self.partition_text:
            partitioning = ", ".join(quoted(_transform(text)) for text in self.partition_text)
            settings.append(f"partitioning = ARRAY[{partitioning}]")
        settings += extra_properties(self.parameters)
        exists = "IF NOT EXISTS " if self.if_not_exists else ""
        name = f'{ICEBERG_CATALOG}."{self.database}"."{self.table}"'
        comment = f" COMMENT {quoted(self.comment)}" if self.comment else ""
        columns = ", ".join(map(trino_column, self.columns))
        return f"CREATE TABLE {exists}{name} ({columns}){comment} WITH ({', '.join(settings)})"


def _refuse_twins(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise CatalogError(f"FAILED: SemanticException [Error 10036]: Duplicate column name: {name}")


def extra_properties(given: dict[str, str]) -> list[str]:
    """Athena's own properties of Iceberg tables (vacuum_…, optimize_…, write_…) are kept as they are."""
    kept = {name: value for name, value in given.items() if name not in ("table_type", "format", "location")}
    names, values = (", ".join(map(quoted, part)) for part in (kept.keys(), kept.values()))
    return [f"extra_properties = MAP(ARRAY[{names}], ARRAY[{values}])"] if kept else []


def trino_column(given: dict[str, str]) -> str:
    comment = f" COMMENT {quoted(given['Comment'])}" if given.get("Comment") else ""
    return f'"{given["Name"]}" {trino_type(given["Type"])}{comment}'


def read_definition(statement: Statement, database: str) -> TableDefinition:
    """Raises AwsError (InvalidRequestException) where a clause cannot be read or a needed one is missing."""
    index = statement.skip(statement.skip(1, "EXTERNAL"), "TABLE")
    external = statement.words[1] == "EXTERNAL"
    after = statement.skip(index, "IF", "NOT", "EXISTS")
    if_not_exists = after != index
    target_database, table, index = statement.name_at(after, database)
    definition = TableDefinition(target_database, table, if_not_exists=if_not_exists, external=external)
    if index < len(statement.tokens) and statement.tokens[index].text == "(":
        definition.columns = [column(text) for text in split_columns(statement.inside(index))]
        index = statement.closing(index) + 1
    while index < len(statement.tokens):
        index = _clause(statement, index, definition)
    if not definition.location:
        raise malformed("FAILED: SemanticException: a table needs LOCATION 's3://bucket/folder/'")
    if not external and not definition.iceberg:
        raise malformed("External location must be specified: write CREATE EXTERNAL TABLE, or table_type = 'ICEBERG'")
    return definition


def _clause(statement: Statement, index: int, definition: TableDefinition) -> int:  # noqa: PLR0911 - one return a clause
    """Read the clause that starts at `index`; returns the index after it."""
    words, tokens = statement.words, statement.tokens
    match words[index : index + 2]:
        case ["COMMENT", _]:
            definition.comment = tokens[index + 1].text
            return index + 2
        case ["LOCATION", _]:
            definition.location = tokens[index + 1].text
            return index + 2
        case ["PARTITIONED", "BY"]:
            definition.partition_text = split_columns(statement.inside(index + 2))
            return statement.closing(index + 2) + 1
        case ["TBLPROPERTIES", _]:
            definition.parameters |= pairs(statement, index + 1)
            return statement.closing(index + 1) + 1
        case ["STORED", "AS"]:
            return _stored_as(statement, index + 2, definition)
        case ["ROW", "FORMAT"] if words[index + 2] == "SERDE":
            definition.serde = tokens[index + 3].text
            if words[index + 4 : index + 6] == ["WITH", "SERDEPROPERTIES"]:
                definition.serde_parameters |= pairs(statement, index + 6)
                return statement.closing(index + 6) + 1
            return index + 4
        case ["ROW", "FORMAT"]:
            return _delimited(statement, index + 3, definition)
    raise malformed(f"line 1:{tokens[index].start + 1}: mismatched input '{tokens[index].text}'")


def _stored_as(statement: Statement, index: int, definition: TableDefinition) -> int:
    if statement.words[index] == "INPUTFORMAT":
        definition.input_format = statement.tokens[index + 1].text
        definition.output_format = statement.tokens[index + 3].text
        return index + 4
    definition.stored_as = statement.words[index]
    if definition.stored_as not in FORMATS:
        raise malformed(
            f"FAILED: SemanticException Unrecognized file format in STORED AS clause: '{statement.words[index]}'"
        )
    return index + 1


def _delimited(statement: Statement, index: int, definition: TableDefinition) -> int:
    """FIELDS TERMINATED BY ',' ESCAPED BY '\\' COLLECTION ITEMS TERMINATED BY … LINES TERMINATED BY …"""
    while index < len(statement.words):
        word = statement.words[index]
        if word == "ESCAPED":
            definition.serde_parameters["escape.delim"] = statement.tokens[index + 2].text
            index += 3
        elif statement.words[index : index + 3] == ["NULL", "DEFINED", "AS"]:
            definition.serde_parameters["serialization.null.format"] = statement.tokens[index + 3].text
            index += 4
        elif word in _DELIMITERS:
            by = statement.words.index("BY", index)
            definition.serde_parameters[_DELIMITERS[word]] = (
                statement.tokens[by + 1].text.replace("\\t", "\t").replace("\\n", "\n")
            )
            index = by + 2
        else:
            break
    definition.serde_parameters.setdefault("serialization.format", definition.serde_parameters.get("field.delim", "1"))
    return index


def split_columns(text: str) -> list[str]:
    """At commas outside (…), <…> and quotes, in which a backslash escapes."""
    parts, depth, start, quote, escaped = [], 0, 0, "", False
    for index, character in enumerate(text):
        if escaped or (quote and character == "\\"):
            escaped = not escaped
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character in "(<":
            depth += 1
        elif character in ")>":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def column(text: str) -> dict[str, str]:
    """`name type COMMENT 'x'` as a column of Glue."""
    read = _COLUMN.fullmatch(text.strip())
    if read is None:
        raise malformed(f"line 1:1: mismatched input '{text}'. Expecting: a column's name and type")
    kind = "".join(read["type"].split()).lower()
    found = {"Name": read["name"].strip('`"').lower(), "Type": _HIVE_NAMES.get(kind, kind)}
    comment = unescaped((read["comment"] or "")[1:-1].replace("''", "'"))
    return found | ({"Comment": comment} if comment else {})


def trino_type(hive: str) -> str:
    """`array<string>` → `ARRAY(VARCHAR)`; Iceberg's timestamps have microseconds."""
    try:
        kind: str = sqlglot.parse_one(hive, into=exp.DataType, dialect="hive").sql(dialect="trino")
    except ParseError as error:
        raise malformed(f"line 1:1: Error: type expected, found '{hive}'") from error
    return kind.replace("TIMESTAMP", "TIMESTAMP(6)") if "TIMESTAMP(" not in kind else kind


def _transform(text: str) -> str:
    """Athena writes bucket(16, id) and truncate(5, name); Trino bucket(id, 16) and truncate(name, 5)."""
    name, opening, inner = text.replace("`", "").partition("(")
    arguments = [part.strip() for part in inner.rstrip(")").split(",")]
    if opening and len(arguments) == 2:
        return f"{name.strip().lower()}({arguments[1]}, {arguments[0]})"
    return text.replace("`", "").strip()
