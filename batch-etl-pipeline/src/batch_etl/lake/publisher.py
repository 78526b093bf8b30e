"""Write → audit → publish: the tables of a run become visible together, or not at all.

Iceberg has no commit over several tables, so a publication is a journal row and a row of fast-forwards:

1. The snapshots to be are tagged and written into the journal, in one row.
2. Dimensions move, to a bridge that has the new rows and those that the old facts still refer to.
3. Facts move.
4. Dimensions lose the rows that nothing refers to any more; marts move.

No reader sees a fact without its dimension row at any moment. A crash after step 1 is finished by the next run, one
before it is undone. One who needs all tables of one run reads the journal and pins its snapshots.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

from batch_etl.errors import PublicationConflict, RunStateMissing
from batch_etl.lake.iceberg import MAIN, IcebergTable, branch_name, tag_name
from batch_etl.lake.records import Publication, Records
from batch_etl.parallel import side_by_side
from batch_etl.schemas import DIMENSIONS, FACTS, GRAIN, MARTS, PARTITIONED_BY

BRIDGE = "_bridge"
RETAIN_DAYS = 30
SETTLE_SECONDS = 2.0
"""Between moving dimensions and facts: a query that has looked one table up by then has looked up all of its tables."""


Schemas = Mapping[str, t.StructType]


@dataclass(frozen=True)
class Family:
    """Tables that are published together, by the part that each has in a publication."""

    dimensions: Schemas
    facts: Schemas
    marts: Schemas
    grain: Mapping[str, tuple[str, ...]]
    partitioned_by: Mapping[str, str]

    @property
    def tables(self) -> dict[str, t.StructType]:
        return {**self.dimensions, **self.facts, **self.marts}


STAR_SCHEMA = Family(DIMENSIONS, FACTS, MARTS, GRAIN, PARTITIONED_BY)


@dataclass(frozen=True)
class Publisher:
    """A family of tables in `database`, the star schema by default. `still_ours` raises when the right to write has
    been lost."""

    spark: SparkSession
    database: str
    records: Records
    still_ours: Callable[[], None]
    settle: Callable[[], None] = lambda: time.sleep(SETTLE_SECONDS)
    family: Family = STAR_SCHEMA

    def table(self, name: str) -> IcebergTable:
        return IcebergTable(self.spark, self.database, name)

    def write(self, run_id: str, name: str, rows: DataFrame) -> int:
        """Write a table of the run to the run's branch; a dimension that loses keys gets its bridge too."""
        table, branch = self.table(name), branch_name(run_id)
        table.ensure(self.family.tables[name], self.family.partitioned_by.get(name))
        table.create_branch(branch, at=table.refs().get(MAIN))
        snapshot = table.replace(rows, branch)
        return self._bridged(table, branch, snapshot) if name in self.family.dimensions else snapshot

    def _bridged(self, table: IcebergTable, branch: str, snapshot: int) -> int:
        published = table.refs().get(MAIN)
        if published is None:
            return snapshot
        new, key = table.read_at(snapshot), list(self.family.grain[table.name])
        leaving = table.read_at(published).join(new.select(*key), key, "left_anti").select(*new.columns)
        if leaving.isEmpty():
            return snapshot
        bridge = table.replace(new.unionByName(leaving), branch)
        table.create_branch(branch + BRIDGE, at=bridge)
        return table.replace(new, branch)

    def read(self, run_id: str, name: str) -> DataFrame:
        """A table of the run as written. Raises RunStateMissing when another run has removed it."""
        table, branch = self.table(name), branch_name(run_id)
        if branch not in table.refs():
            raise RunStateMissing(f"{table.identifier} has no branch {branch} any more. Run the stage build again.")
        return table.read(branch)

    def published(self, name: str) -> int | None:
        """The snapshot that readers see."""
        table = self.table(name)
        return table.refs().get(MAIN) if table.exists() else None

    def publish(self, entry: Publication) -> None:
        """Journal the publication, then make it visible. Raises PublicationConflict when a table moved on meanwhile.

        A table whose snapshot is the one that readers see already stays as it is.
        """
        branch = branch_name(entry.run_id)

        def prepare(name: str) -> None:
            self._prepare(self.table(name), branch, entry.snapshots[name])
            self.table(name).tag(tag_name(entry.run_id), entry.snapshots[name], RETAIN_DAYS)

        side_by_side(prepare, entry.snapshots)
        self.still_ours()
        self.records.journal(entry)
        self._complete(branch)

    def _prepare(self, table: IcebergTable, branch: str, snapshot: int) -> None:
        refs = table.refs()
        if refs.get(MAIN) == snapshot:
            _drop(table, [ref for ref in (branch + BRIDGE, branch) if ref in refs])
        elif refs.get(branch) != snapshot:
            raise PublicationConflict(
                f"{table.identifier} has no branch {branch} at the snapshot that was audited: another run has removed "
                "or replaced it. Run the job again from its extract."
            )

    def recover(self) -> list[str]:
        """Finish the publication that a crash cut short, remove what was never journaled; says what was done."""
        leftovers = self._leftover_branches()
        journal = {branch_name(run_id): run_id for run_id in self.records.journaled_runs()} if leftovers else {}
        done = []
        for branch, heads in leftovers.items():
            run_id = journal.get(branch)
            intended = self.records.journaled(run_id) if run_id else {}
            if intended and all(intended.get(name) == head for name, head in heads.items()):
                self._complete(branch)
                done.append(f"finished the publication of run {run_id}")
            else:
                self._abandon(branch, keep_tag=bool(intended))
                done.append(f"removed branch {branch}, which was never published")
        return done

    def _leftover_branches(self) -> dict[str, dict[str, int]]:
        """Branch of a run → table → its head."""
        leftovers: dict[str, dict[str, int]] = {}
        for name in self.family.tables:
            if self.table(name).exists():
                for ref, head in self.table(name).refs().items():
                    if ref.startswith("run_") and not ref.endswith(BRIDGE):
                        leftovers.setdefault(ref, {})[name] = head
        return leftovers

    def _complete(self, branch: str) -> None:
        """The fast-forwards. Each is left out when it has been done, so that this can be cut off and called again."""
        dimensions, facts, marts = self.family.dimensions, self.family.facts, self.family.marts
        refs = side_by_side(lambda name: self.table(name).refs(), self.family.tables)
        moving = {name for name, known in refs.items() if branch in known and known.get(MAIN) != known[branch]}
        bridged = [name for name in dimensions if name in moving and branch + BRIDGE in refs[name]]
        self._forward((name for name in bridged if not _at_bridge(refs[name], branch)), branch + BRIDGE)
        self._forward((name for name in dimensions if name in moving and name not in bridged), branch)
        if moving & set(dimensions) and moving & set(facts):
            self.settle()
        self._forward((name for name in facts if name in moving), branch)
        if bridged:
            self.settle()
        self._forward(bridged, branch)
        self._forward((name for name in marts if name in moving), branch)
        side_by_side(
            lambda name: _drop(self.table(name), [ref for ref in (branch + BRIDGE, branch) if ref in refs[name]]),
            self.family.tables,
        )

    def _forward(self, names: Iterable[str], branch: str) -> None:
        for name in names:
            self.still_ours()
            self.table(name).fast_forward(branch)

    def _abandon(self, branch: str, keep_tag: bool) -> None:
        for name in self.family.tables:
            table = self.table(name)
            refs = table.refs() if table.exists() else {}
            _drop(table, [ref for ref in (branch, branch + BRIDGE) if ref in refs])
            tag = "pub_" + branch.removeprefix("run_")
            if tag in refs and not keep_tag:
                table.drop_tag(tag)


def _at_bridge(refs: Mapping[str, int], branch: str) -> bool:
    return refs.get(MAIN) == refs[branch + BRIDGE]


def _drop(table: IcebergTable, branches: Iterable[str]) -> None:
    for branch in branches:
        table.drop_branch(branch)
