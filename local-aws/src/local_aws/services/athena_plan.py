"""From a statement to what Trino is asked: Athena's own statements are translated, everything else goes as written.

Athena's SQL reference (AWS: "SQL reference for Athena", "Query Apache Iceberg tables") is the source of each rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local_aws.engines.trino import CATALOG, ICEBERG_CATALOG, UNLOAD_CATALOG, UNLOAD_SCHEMA
from local_aws.services.athena_text import Statement, malformed, properties, quoted, unquoted

# Properties of CREATE TABLE AS that tell Athena how to write, and that Trino takes otherwise or not at all.
_NOT_FOR_TRINO = {"table_type", "is_external", "write_compression", "parquet_compression", "orc_compression",
                  "external_location", "location", "field_delimiter", "vacuum_max_snapshot_age_seconds",
                  "vacuum_min_snapshots_to_keep", "vacuum_max_metadata_files_to_keep",
                  "optimize_rewrite_delete_file_threshold", "optimize_rewrite_data_file_threshold",
                  "write_target_data_file_size_bytes"}  # fmt: skip
_MAX_SNAPSHOT_AGE_SECONDS = 432_000  # AWS, "VACUUM": vacuum_max_snapshot_age_seconds
_COMPRESSION = {"NONE": "NONE", "SNAPPY": "SNAPPY", "GZIP": "GZIP", "LZ4": "LZ4", "ZSTD": "ZSTD"}


@dataclass(frozen=True)
class Plan:
    """Statements for Trino in order; the last one's rows are the answer."""

    sql: list[str]
    session: dict[str, str] = field(default_factory=dict)
    writes: tuple[str, str] | None = None  # (database, table) whose new files a manifest lists
    unloads_to: str | None = None  # the S3 folder of an UNLOAD
    must_be_empty: str | None = None  # an S3 folder that may hold nothing yet
    cleanup: list[str] = field(default_factory=list)  # run even when a statement failed


@dataclass(frozen=True)
class Wishes:
    """What a plan depends on besides the statement.

    output: the S3 folder of results; enforced: the workgroup alone says where data goes; properties_of: the table
    properties of (database, table).
    """

    query_id: str
    output: str
    enforced: bool
    properties_of: Callable[[str, str], Mapping[str, str]]


def plan(statement: Statement, database: str, wishes: Wishes) -> Plan:
    """What to ask Trino."""
    if statement.is_ctas:
        return _ctas(statement, database, wishes)
    match statement.words[0]:
        case "UNLOAD":
            return _unload(statement, wishes.query_id)
        case "INSERT":
            target_database, table, _ = statement.name_at(statement.skip(1, "INTO"), database)
            return Plan([statement.text], writes=(target_database, table))
        case "OPTIMIZE":
            return _optimize(statement, database)
        case "VACUUM":
            target_database, table, _ = statement.name_at(1, database)
            return _vacuum(target_database, table, wishes.properties_of(target_database, table))
        case _:
            return Plan([statement.text])


def with_parameters(sql: str, parameters: list[str]) -> str:
    """Bind ExecutionParameters (SQL literals) to the question marks."""
    return f"EXECUTE IMMEDIATE {quoted(sql)} USING {', '.join(map(literal, parameters))}"


def literal(parameter: str) -> str:
    """A parameter as Athena takes it: a literal stays, anything else is a string."""
    text = parameter.strip()
    number = re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text)
    typed = re.fullmatch(
        r"(?is)(date|timestamp|decimal|time|double|real|bigint)\s*'([^']|'')*'|true|false|null|cast\(.*\)", text
    )
    is_quoted = re.fullmatch(r"'([^']|'')*'", text, re.DOTALL)
    return text if number or typed or is_quoted else quoted(parameter)


def _ctas(statement: Statement, database: str, wishes: Wishes) -> Plan:
    index = 2
    exists = "IF NOT EXISTS " if statement.words[index : index + 3] == ["IF", "NOT", "EXISTS"] else ""
    target_database, table, index = statement.name_at(index + (3 if exists else 0), database)
    given = properties(statement.inside(index + 1)) if statement.words[index] == "WITH" else {}
    query = statement.text_from(statement.find("AS") + 1)
    iceberg = unquoted(given.get("table_type", "'HIVE'")).upper() == "ICEBERG"
    location = unquoted(given.get("location" if iceberg else "external_location", "''"))
    if iceberg and not location and not wishes.enforced:
        raise malformed("line 1:1: Iceberg tables need the property location in CREATE TABLE AS")
    if not iceberg and location and wishes.enforced:
        raise malformed(
            "The Athena query failed to run because the workgroup enforces a centralized output location for all "
            "tables. Please remove the 'external_location' property and resubmit the query."
        )
    location = location or f"{wishes.output}tables/{wishes.query_id}/"
    kept = {name: value for name, value in given.items() if name not in _NOT_FOR_TRINO}
    kept["location" if iceberg else "external_location"] = quoted(location.rstrip("/") if iceberg else location)
    kept.setdefault("format", "'PARQUET'")
    if kept["format"].upper() == "'TEXTFILE'" and "field_delimiter" in given:
        kept["textfile_field_separator"] = given["field_delimiter"]
    catalog = ICEBERG_CATALOG if iceberg else CATALOG
    settings = ", ".join(f"{name} = {value}" for name, value in kept.items())
    sql = f'CREATE TABLE {exists}{catalog}."{target_database}"."{table}" WITH ({settings}) AS {query}'
    return Plan(
        [sql],
        session=_compression(given, catalog),
        writes=(target_database, table),
        must_be_empty=None if exists else location,
    )


def _compression(given: dict[str, str], catalog: str) -> dict[str, str]:
    """Athena writes GZIP to Hive tables and ZSTD to Iceberg ones unless told otherwise."""
    default = "'ZSTD'" if catalog == ICEBERG_CATALOG else "'GZIP'"
    names = ("write_compression", "parquet_compression", "orc_compression")
    wanted = unquoted(next((given[name] for name in names if name in given), default)).upper()
    if wanted not in _COMPRESSION:
        raise malformed(f"line 1:1: unsupported compression '{wanted}'. Supported: {', '.join(_COMPRESSION)}")
    return {f"{catalog}.compression_codec": _COMPRESSION[wanted]}


def _unload(statement: Statement, query_id: str) -> Plan:
    closing = statement.closing(1)
    query = statement.inside(1)
    if statement.words[closing + 1] != "TO":
        raise malformed("line 1:1: mismatched input. Expecting: TO after UNLOAD (query)")
    location = statement.tokens[closing + 2].text
    given = properties(statement.inside(closing + 4)) if statement.words[closing + 3 : closing + 4] == ["WITH"] else {}
    if "format" not in given:
        raise malformed("line 1:1: UNLOAD needs WITH (format = …)")
    kept = {"format": given["format"], "external_location": quoted(location)}
    if "partitioned_by" in given:
        kept["partitioned_by"] = given["partitioned_by"]
    if "field_delimiter" in given:
        kept["textfile_field_separator"] = given["field_delimiter"]
    name = f'{UNLOAD_CATALOG}.{UNLOAD_SCHEMA}."{query_id}"'
    settings = ", ".join(f"{name} = {value}" for name, value in kept.items())
    session = _compression({"write_compression": given.get("compression", "'GZIP'")}, UNLOAD_CATALOG)
    return Plan(
        [
            f"CREATE SCHEMA IF NOT EXISTS {UNLOAD_CATALOG}.{UNLOAD_SCHEMA}",
            f"CREATE TABLE {name} WITH ({settings}) AS {query}",
        ],
        session=session,
        unloads_to=location,
        must_be_empty=location,
        cleanup=[f"DROP TABLE IF EXISTS {name}"],
    )


def _optimize(statement: Statement, database: str) -> Plan:
    target_database, table, index = statement.name_at(1, database)
    wanted = ["REWRITE", "DATA", "USING", "BIN_PACK"]
    if statement.words[index : index + 4] != wanted:
        raise malformed("line 1:1: mismatched input. Expecting: OPTIMIZE table REWRITE DATA USING BIN_PACK [WHERE …]")
    rest = statement.text[statement.tokens[index + 3].end + 1 :]
    return Plan([f'ALTER TABLE {ICEBERG_CATALOG}."{target_database}"."{table}" EXECUTE optimize{rest}'])


def _vacuum(database: str, table: str, given: Mapping[str, str]) -> Plan:
    """Expire snapshots, then remove what no snapshot needs; never files so young that a writer may still hold them."""
    name = f'{ICEBERG_CATALOG}."{database}"."{table}"'
    age = f"{int(given.get('vacuum_max_snapshot_age_seconds', _MAX_SNAPSHOT_AGE_SECONDS))}s"
    calls = ("expire_snapshots", "remove_orphan_files")
    return Plan([f"ALTER TABLE {name} EXECUTE {call}(retention_threshold => '{age}')" for call in calls])
