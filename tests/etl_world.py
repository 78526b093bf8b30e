"""A source and a lake of a test's own inside the shared local AWS, and the real job that runs between them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from batch_etl.analytics.reconciliation import Comparison, reconcile
from batch_etl.sources.mysql import Login, open_snapshot
from batch_etl.sources.mysql import Source as EtlSource
from source_database.addresses import find_source
from source_database.connection import Source
from source_database.dump.loader import check_dump, load_dump

JOB = "retail-etl-job"
READER = "retail_reader"
DUMP = ("2996", "9604190.61")
"""Order lines and their amount in the genuine dump."""
ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"})


class EtlWorld:
    """`project` names the source database and the lake's databases; the job is told by its arguments."""

    def __init__(self, aws: Any, project: str, dump: Path) -> None:
        self.aws = aws
        self.project = project
        self.lake = _argument(aws, "--lake_bucket")
        self.source: Source = find_source(environment=aws.env, aws=aws.client).at(database=project)
        self.dump = check_dump(dump)
        self.published: dict[str, Any] = {}
        self.restore()
        for layer in ("bronze", "gold"):
            location = f"s3://{self.lake}/{project}/{layer}/"
            aws.client("glue").create_database(DatabaseInput={"Name": f"{project}_{layer}", "LocationUri": location})

    def restore(self) -> None:
        """The source as the dump has it."""
        load_dump(self.source, self.dump, replace=True)
        self.mysql(f"GRANT SELECT ON {self.project}.* TO {READER}")

    def publish(self) -> dict[str, Any]:
        """The report of a run over the source as it is, which must succeed."""
        run = self.run()
        assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
        self.published = self.report(run["Id"])
        return self.published

    def as_the_dump(self) -> EtlWorld:
        """Itself with source and lake as the dump makes them, whatever a test before has done."""
        if self.lines() != DUMP:
            self.restore()
        if self.facts() != DUMP:
            self.publish()
        return self

    def lines(self) -> tuple[str, str]:
        """Rows and amount of the source's order lines, asked of the source, as text."""
        rows, amount = self.mysql("SELECT COUNT(*), SUM(quantityOrdered * priceEach) FROM orderdetails")[0]
        return str(rows), str(amount)

    def mysql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as admin in the world's source; the rows of the last."""
        with self.source.connect(self.project) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def run(self, **arguments: str) -> dict[str, Any]:
        """The job's run, whatever its end."""
        run: dict[str, Any] = self.aws.run_job(JOB, **self.arguments(**arguments))
        return run

    def arguments(self, **more: str) -> dict[str, str]:
        return {"project": self.project, "source_database": self.project} | more

    def start(self, **arguments: str) -> str:
        given = {f"--{name}": value for name, value in self.arguments(**arguments).items()}
        run_id: str = self.aws.client("glue").start_job_run(JobName=JOB, Arguments=given)["JobRunId"]
        return run_id

    def job_run(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = self.aws.client("glue").get_job_run(JobName=JOB, RunId=run_id)["JobRun"]
        return run

    def state(self, run_id: str) -> str:
        return str(self.job_run(run_id)["JobRunState"])

    def end(self, run_id: str, seconds: float = 900) -> dict[str, Any]:
        """A started run once it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.job_run(run_id)
            if run["JobRunState"] in ENDED:
                return run
            time.sleep(0.5)
        raise AssertionError(f"{JOB} {run_id} did not end within {seconds} s")

    def report(self, run_id: str) -> dict[str, Any]:
        body = self.aws.client("s3").get_object(Bucket=self.lake, Key=f"runs/{run_id}/report.json")["Body"].read()
        report: dict[str, Any] = json.loads(body)
        return report

    def ask(self, query: str) -> list[tuple[str | None, ...]]:
        """Rows of a query in Athena, as text; `gold` and `bronze` stand for the world's databases."""
        athena = self.aws.client("athena")
        for layer in ("gold", "bronze"):
            query = re.sub(rf"\b{layer}\.", f"{self.project}_{layer}.", query)
        started = athena.start_query_execution(QueryString=query, WorkGroup="retail-analytics")["QueryExecutionId"]
        while True:
            status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
            if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                break
            time.sleep(0.2)
        assert status["State"] == "SUCCEEDED", status.get("StateChangeReason")
        rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"][1:]
        return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows]

    def reader(self) -> EtlSource:
        """The job's own way into the source, as admin so that it needs no rotation."""
        address, login = self.source.address, self.source.read_login()
        return EtlSource(
            address.host, address.port, self.project, address.ca, lambda: Login(login.user, login.password)
        )

    def reconcile(self) -> dict[str, Comparison]:
        """What `retail reconcile` compares, for this world."""
        with open_snapshot(self.reader()) as snapshot:
            rows = reconcile(snapshot.one, lambda query: self.ask(query)[0], project=self.project)
        return {row.figure: row for row in rows}

    def facts(self) -> tuple[str | None, ...]:
        """Rows and amount of fact_orders as a reader sees them."""
        return self.ask("SELECT COUNT(*), SUM(orderAmount) FROM gold.fact_orders")[0]

    def remove(self) -> None:
        self.mysql(f"DROP DATABASE {self.project}")
        glue = self.aws.client("glue")
        for layer in ("bronze", "gold"):
            for page in glue.get_paginator("get_tables").paginate(DatabaseName=f"{self.project}_{layer}"):
                for table in page["TableList"]:
                    glue.delete_table(DatabaseName=f"{self.project}_{layer}", Name=table["Name"])
            glue.delete_database(Name=f"{self.project}_{layer}")


@contextmanager
def etl_world(aws: Any, project: str, dump: Path) -> Iterator[EtlWorld]:
    world = EtlWorld(aws, project, dump)
    yield world
    world.remove()


def _argument(aws: Any, name: str) -> str:
    value: str = aws.client("glue").get_job(JobName=JOB)["Job"]["DefaultArguments"][name]
    return value
