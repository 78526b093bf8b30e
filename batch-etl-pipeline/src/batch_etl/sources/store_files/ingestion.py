"""A run of retail-file-ingest: files → staged rows → tables → quarantine, ledger and report, under one lock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import Row, SparkSession

from batch_etl.errors import RowsUnaccounted
from batch_etl.lake.lock import Lock
from batch_etl.lake.run_folder import RunFolder
from batch_etl.quality.incoming import AGAIN, DUPLICATE, NEW
from batch_etl.sources.store_files.contract import Contract
from batch_etl.sources.store_files.entries import Defect, clipped
from batch_etl.sources.store_files.ledger import Ledger, Status
from batch_etl.sources.store_files.manifest import MANIFEST, Manifest
from batch_etl.sources.store_files.merging import Merged, Merger
from batch_etl.sources.store_files.options import IngestOptions
from batch_etl.sources.store_files.outcome import FileOutcome, counts, reasons, subject
from batch_etl.sources.store_files.quarantine import Quarantine, QuarantinedRows
from batch_etl.sources.store_files.staged_rows import StagedRows, clear
from batch_etl.sources.store_files.staging import FileStager, scratch
from batch_etl.stages.runner import reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_COMPARED = 2_000_000  # keys that a query may hold to compare them; of more the job's own judgement must do
_CONFLICT = "another row of the same key, which arrived earlier, says something else"
_WHICH = "Find out which is right; a correction needs a key of its own, or the earlier row taken out of the table."


@dataclass(frozen=True)
class Ingestion:
    options: IngestOptions
    open_spark: Callable[[], SparkSession]
    s3: S3Client
    dynamodb: DynamoDBClient

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.s3, self.options.lake_bucket, self.options.run_id)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.dynamodb, self.options.ledger_table)

    def run(self) -> dict[str, Any]:
        """Load the run's files and return its report. Whatever fails is reported, and the files can be replayed."""
        manifest = Manifest.from_json(self.folder.read(MANIFEST))
        try:
            with self._lock().held() as lock:
                report = self._load(manifest, lock)
        except BaseException as problem:
            why = reason(problem)
            for file in manifest.files:
                self.ledger.finish(file, self.options.run_id, Status.FAILED, {"reason": why})
            self.folder.write("report", {"run_id": self.options.run_id, "status": "FAILED", "reasons": [why]})
            raise
        self.folder.write("report", report)
        return report

    def _lock(self) -> Lock:
        """One run at a time judges rows by what the tables hold."""
        name = f"{self.options.project}-file-ingest"
        return Lock(self.dynamodb, self.options.publish_lock_table, name, owner=self.options.run_id)

    def _load(self, manifest: Manifest, lock: Lock) -> dict[str, Any]:
        options = self.options
        with scratch() as folder:
            stager = FileStager(
                self.s3, options.landing_bucket, options.lake_bucket, options.run_id, manifest.contracts, folder
            )
            outcomes = {(outcome.file.key, outcome.file.version): outcome for outcome in stager.stage(manifest.files)}
        merged = self._merge(stager, outcomes, lock)
        for outcome in outcomes.values():
            outcome.check()
        for outcome in outcomes.values():
            status = Status.REFUSED if outcome.refusal is not None else Status.LOADED
            self.ledger.finish(outcome.file, options.run_id, status, outcome.facts())
        clear(self.s3, options.lake_bucket, options.run_id)
        return self._report([*outcomes.values(), *manifest.refused], merged, stager.staged)

    def _merge(self, stager: FileStager, outcomes: _Outcomes, lock: Lock) -> list[Merged]:
        merged: list[Merged] = []
        with Quarantine(self.s3, self.options.lake_bucket, self.options.run_id).rows("merge") as bad:
            for staged in stager.staged.values():
                if not staged.rows:
                    continue
                merger = Merger(self.open_spark(), f"{self.options.project}_silver", self.options.run_id, lock.renew)
                found = merger.merge(staged, _to_quarantine(bad, staged.contract, outcomes))
                if sum(sum(verdicts.values()) for verdicts in found.verdicts.values()) != staged.rows:
                    raise RowsUnaccounted(
                        f"{staged.rows:,} rows were staged for {found.table}, and not as many judged. Run it again by "
                        "`retail replay-files`; if it repeats, the job has a fault."
                    )
                for place, verdicts in found.verdicts.items():
                    outcomes[place].good += verdicts.get(NEW, 0) + verdicts.get(AGAIN, 0)
                    outcomes[place].duplicates += verdicts.get(DUPLICATE, 0)
                merged.append(found)
        return merged

    def _report(
        self, outcomes: list[FileOutcome], merged: list[Merged], staged: Mapping[str, StagedRows]
    ) -> dict[str, Any]:
        found = counts(outcomes)
        keys = {rows.contract.table: rows.contract.key for rows in staged.values()}
        return {
            "run_id": self.options.run_id,
            "status": "SUCCEEDED",
            "subject": subject(f"{self.options.project}-file-ingestion", found),
            "counts": found,
            "reasons": reasons(outcomes),
            "tables": {
                one.table: {"rows": one.rows, "added": one.added, "snapshot_id": one.snapshot} for one in merged
            },
            "published": [self._published(one, keys[one.table]) for one in merged if one.snapshot],
        }

    def _published(self, merged: Merged, key: tuple[str, ...]) -> dict[str, str]:
        """What the state machine looks up in the catalogue, and asks of a reader's engine."""
        database, run_id = f"{self.options.project}_silver", self.options.run_id
        table = f"{database}.{merged.table}"
        once = f" AND COUNT(*) = COUNT(DISTINCT ({', '.join(key)}))" if merged.added <= _COMPARED else ""
        # Names, numbers and a run of our own.
        query = (
            f"SELECT (SELECT COUNT(*) = {merged.rows} FROM {table} FOR VERSION AS OF {merged.snapshot}) AND "  # noqa: S608
            f"(SELECT COUNT(*) >= {merged.added}{once} FROM {table} WHERE run_id = '{run_id}') AS passed"
        )
        return {"database": database, "table": merged.table, "query": query}


_Outcomes = dict[tuple[str, str], FileOutcome]


def _to_quarantine(bad: QuarantinedRows, contract: Contract, outcomes: _Outcomes) -> Callable[[Iterator[Row]], None]:
    def write(rows: Iterator[Row]) -> None:
        for row in rows:
            outcome = outcomes[row["source_file"], row["source_version"]]
            record = json.dumps({name: row[name] for name in contract.names}, default=str, ensure_ascii=False)
            defect = Defect(row["source_line"], ", ".join(contract.key), _CONFLICT, _WHICH, clipped(record))
            outcome.found_bad(defect)
            bad.write(outcome.file, row["source_part"], defect)

    return write
