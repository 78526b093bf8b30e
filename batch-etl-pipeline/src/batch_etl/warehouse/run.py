"""A run of retail-warehouse-load: pins what is published, loads it, and writes a report whatever happens."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from batch_etl.errors import WarehouseLayoutError
from batch_etl.lake.run_folder import RunFolder
from batch_etl.report import RunReport
from batch_etl.stages.context import AwsClients
from batch_etl.stages.runner import REPORT, reason
from batch_etl.warehouse.connection import Warehouse, connected, read_login
from batch_etl.warehouse.load import Loaded, keep_others_out, load
from batch_etl.warehouse.options import LoadOptions
from batch_etl.warehouse.publications import Pinned, pin, read_table
from batch_etl.warehouse.rows import Chunk, chunks
from batch_etl.warehouse.tables import Table


def run_load(options: LoadOptions, open_spark: Callable[[], SparkSession], aws: AwsClients) -> RunReport:
    """Load what is published last. A failure is reported with its reason and raised again: the job is FAILED."""
    report, folder = RunReport(options.run_id), RunFolder(aws.s3, options.lake_bucket, options.run_id)
    started = time.monotonic()
    try:
        _load(options, open_spark, aws, report)
        report.status = "SUCCEEDED"
    except BaseException as problem:
        report.status, report.reasons = "FAILED", [reason(problem)]
        report.print_summary()
        raise
    finally:
        report.stages["load"] = round(time.monotonic() - started, 1)
        folder.write(REPORT, report.to_json())
    return report


def _load(options: LoadOptions, open_spark: Callable[[], SparkSession], aws: AwsClients, report: RunReport) -> None:
    """The warehouse is asked first: what is wrong with it is told without waiting for Spark."""
    application = f"{options.project}-warehouse-load {options.run_id}"
    with _warehouse(options, aws) as warehouse, connected(warehouse, application) as connection:
        keep_others_out(connection)
        spark = open_spark()
        pinned = pin(spark, options.gold)

        def read(table: Table) -> Iterable[Chunk]:
            rows = read_table(spark, options.gold, table.name, pinned.snapshots[table.name])
            known = {name.lower() for name in rows.columns}
            if lacking := [name for name in table.column_names if name not in known]:
                raise WarehouseLayoutError(
                    f"{options.gold}.{table.name} has no column {', '.join(lacking)}, which sql/warehouse/schema.sql "
                    "names. Add it to the table's transform, or take it out of the file."
                )
            unknown = sorted(known - set(table.column_names))
            report.notes += [f"{table.name}: {name} is not in the warehouse" for name in unknown]
            return chunks(rows, table.column_names)

        loaded = load(connection, pinned, read, run_id=options.run_id, force=options.force)
    _describe(report, pinned, loaded)


def _describe(report: RunReport, pinned: Pinned, loaded: Loaded) -> None:
    report.notes += [f"{group}: publication {run_id}" for group, run_id in pinned.publications.items()]
    if loaded.idle:
        report.notes.append("nothing to do: the warehouse has these snapshots; --force true loads them again")
    report.counts = {
        "read": sum(loaded.figures[name].rows for name in loaded.changes),
        "inserted": sum(changes.inserted for changes in loaded.changes.values()),
        "updated": sum(changes.updated for changes in loaded.changes.values()),
        "deleted": sum(changes.deleted for changes in loaded.changes.values()),
    }
    report.tables = {
        name: {"rows": loaded.figures[name].rows, "snapshot_id": snapshot}
        for name, snapshot in pinned.snapshots.items()
    }
    report.sums = {"fact_orders": f"{loaded.figures['fact_orders'].sums['orderamount']:,.2f}"}
    if loaded.nul_characters:
        report.notes.append(f"{loaded.nul_characters} texts lost the character NUL, which PostgreSQL cannot hold")


@contextmanager
def _warehouse(options: LoadOptions, aws: AwsClients) -> Iterator[Warehouse]:
    """The warehouse, with the CA bundle at hand while the block lasts."""
    bucket, _, key = options.ca.removeprefix("s3://").partition("/")
    with tempfile.TemporaryDirectory(prefix="ca-") as folder:
        ca = Path(folder) / "warehouse-ca.pem"
        aws.s3.download_file(bucket, key, str(ca))
        login = read_login(aws.secrets, options.secret_arn)
        yield Warehouse(options.host, options.port, options.database, ca, login)
