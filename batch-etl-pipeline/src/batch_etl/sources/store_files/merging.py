"""Staged rows into their table: each key once for ever, in one commit that was audited before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as t

from batch_etl.errors import AuditFailed, ContractError
from batch_etl.lake.iceberg import MAIN, IcebergTable, branch_name
from batch_etl.lake.staging import read_staged
from batch_etl.quality.incoming import CONFLICT, NEW, VERDICT, concerned, counted, judged
from batch_etl.sources.contract import to_spark
from batch_etl.sources.store_files.contract import PROVENANCE, Contract
from batch_etl.sources.store_files.staged_rows import StagedRows, staged_schema

_FEW = 500_000  # rows whose keys every worker can hold
_LOADED = [t.StructField("run_id", t.StringType()), t.StructField("loaded_at", t.TimestampType())]


@dataclass(frozen=True)
class Merged:
    """`added` rows became visible with `snapshot`. `verdicts`: (file, version) → verdict → rows."""

    table: str
    added: int
    rows: int
    snapshot: int
    verdicts: dict[tuple[str, str], dict[str, int]]


@dataclass(frozen=True)
class Merger:
    """Writes to `database`. `still_ours` raises when the right to write has been lost."""

    spark: SparkSession
    database: str
    run_id: str
    still_ours: Callable[[], None]

    def merge(self, staged: StagedRows, conflicts: Callable[[Iterator[Row]], None]) -> Merged:
        """Add the rows that are new; `conflicts` is given those that contradict a row of their key.

        Raises ContractError when the table is not the contract's, AuditFailed when the commit is not what it should be.
        """
        contract = staged.contract
        table = IcebergTable(self.spark, self.database, contract.table)
        table.ensure(table_schema(contract), contract.partitioned_by)
        _check_types(table, contract)
        schema = t.StructType([t.StructField(field.name, to_spark(field.type)) for field in staged_schema(contract)])
        incoming = read_staged(self.spark, staged.bucket, staged.keys, schema)
        before = table.refs().get(MAIN)
        present = self._present(table, before, incoming, staged)
        rows = judged(incoming, present, contract.key, contract.names, PROVENANCE).persist(StorageLevel.DISK_ONLY)
        try:
            verdicts = _by_file(counted(rows).collect())
            if any(CONFLICT in found for found in verdicts.values()):
                conflicts(rows.where(F.col(VERDICT) == CONFLICT).orderBy("ordinal").toLocalIterator())
            added = sum(found.get(NEW, 0) for found in verdicts.values())
            if added:
                self._publish(table, before, rows.where(F.col(VERDICT) == NEW), added)
        finally:
            rows.unpersist()
        snapshot = table.refs().get(MAIN, 0)
        return Merged(contract.table, added, table.rows_at(snapshot), snapshot, verdicts)

    def _present(self, table: IcebergTable, at: int | None, incoming: DataFrame, staged: StagedRows) -> DataFrame:
        """What the table has of the rows that come in: a small batch reads the files of its keys, not all years."""
        present = table.read() if at is None else table.read_at(at)
        if at is None or staged.rows > _FEW:
            return present
        first = staged.contract.key[0]
        low, high = incoming.agg(F.min(first), F.max(first)).first() or (None, None)
        return concerned(present.where(F.col(first).between(low, high)), incoming, staged.contract.key)

    def _publish(self, table: IcebergTable, before: int | None, new: DataFrame, added: int) -> None:
        branch = branch_name(self.run_id)
        # What a dead run left: nobody else makes branches here, and ours is made anew.
        for left in table.refs():
            if left.startswith(branch_name("")):
                table.drop_branch(left)
        table.create_branch(branch, at=before)
        # Judged by the snapshot that the branch starts from: what another writer adds meanwhile stops the move of main.
        table.append(new.withColumns({"run_id": F.lit(self.run_id), "loaded_at": F.current_timestamp()}), branch)
        grown = table.rows_at(table.refs()[branch]) - (table.rows_at(before) if before else 0)
        if grown != added:
            table.drop_branch(branch)
            raise AuditFailed(
                f"{table.identifier} would grow by {grown:,} rows instead of {added:,}, so nothing was published. "
                "Somebody else writes to it; stop that, then `retail replay-files`."
            )
        self.still_ours()
        table.fast_forward(branch)
        table.drop_branch(branch)


def table_schema(contract: Contract) -> t.StructType:
    """The contract's columns, where a row came from and when."""
    columns = [field for field in staged_schema(contract) if field.name != "ordinal"]
    return t.StructType([*(t.StructField(field.name, to_spark(field.type)) for field in columns), *_LOADED])


def _check_types(table: IcebergTable, contract: Contract) -> None:
    kept = {field.name: field.dataType for field in table.schema()}
    for field in table_schema(contract):
        if kept[field.name] != field.dataType:
            raise ContractError(
                f"{table.identifier}.{field.name} is {kept[field.name].simpleString()}, contract {contract.name} says "
                f"{field.dataType.simpleString()}. Change the contract back, or give it another table."
            )


def _by_file(counts: list[Any]) -> dict[tuple[str, str], dict[str, int]]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in counts:
        found.setdefault((row["source_file"], row["source_version"]), {})[row[VERDICT]] = row["rows"]
    return found
