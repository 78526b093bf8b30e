"""Glue jobs on local AWS: real processes, real Spark, and no success that was not earned."""

from __future__ import annotations

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

BUCKET = "glue-tests"
ROLE = "arn:aws:iam::000000000000:role/glue-tests"
FINAL = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}


class Jobs:
    """Makes jobs out of scripts and follows their runs."""

    def __init__(self, aws: Any) -> None:
        self.aws, self.glue, self.s3, self.logs = aws, aws.client("glue"), aws.client("s3"), aws.client("logs")

    def make(self, name: str, script: str | None, **definition: Any) -> str:
        if script is not None:
            self.put(f"jobs/{name}.py", script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/jobs/{name}.py"}
        job = {"Role": ROLE, "GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2, "Command": command}
        self.glue.delete_job(JobName=name)
        self.glue.create_job(Name=name, **(job | definition))
        return name

    def put(self, key: str, body: bytes) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def start(self, name: str, **more: Any) -> str:
        return self.glue.start_job_run(JobName=name, **more)["JobRunId"]

    def look(self, name: str, run_id: str) -> dict[str, Any]:
        return self.glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]

    def until(self, name: str, run_id: str, reached: Callable[[dict[str, Any]], bool], seconds: float = 120) -> Any:
        deadline = time.monotonic() + seconds
        while not reached(run := self.look(name, run_id)):
            assert time.monotonic() < deadline, f"{name} is still {run['JobRunState']}"
            time.sleep(0.2)
        return run

    def end(self, name: str, run_id: str) -> dict[str, Any]:
        return self.until(name, run_id, lambda run: run["JobRunState"] in FINAL)

    def run(self, name: str, **more: Any) -> dict[str, Any]:
        return self.end(name, self.start(name, **more))

    def log(self, run: dict[str, Any], kind: str = "output") -> list[str]:
        group = f"{run['LogGroupName']}/{kind}"
        found = self.logs.get_log_events(logGroupName=group, logStreamName=run["Id"], startFromHead=True)
        return [event["message"] for event in found["events"]]

    def says(self, name: str, run_id: str, line: str, seconds: float = 60) -> None:
        """Wait until a running script has printed a line."""
        output = self.aws.settings.state / "glue" / "runs" / run_id / "output.log"
        deadline = time.monotonic() + seconds
        while not (output.exists() and line in output.read_text()):
            assert time.monotonic() < deadline, self.look(name, run_id)
            time.sleep(0.1)


@pytest.fixture(scope="module")
def jobs(local_aws) -> Jobs:
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    local_aws.client("iam").create_role(RoleName="glue-tests", AssumeRolePolicyDocument=policy)
    return Jobs(local_aws)


def error_code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return refused.value.response["Error"]["Code"]


SPARK = """
import sys
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import udf

options = getResolvedOptions(sys.argv, ["JOB_NAME", "table"])
glue = GlueContext(SparkContext.getOrCreate())
spark = glue.spark_session
job = Job(glue)
job.init(options["JOB_NAME"], options)
print("Spark", spark.version, spark.conf.get("spark.sql.session.timeZone"), options["JOB_NAME"])
spark.sql(f"CREATE TABLE {options['table']} (id BIGINT, name STRING) USING iceberg")
spark.range(3).select("id", udf(lambda n: f"n{n}")("id").alias("name")).writeTo(options["table"]).append()
people = DynamicFrame.fromDF(spark.table(options["table"]).orderBy("id"), glue, "people")
mapping = [("id", "long", "number", "int"), ("name", "string", "name", "string")]
print(people.apply_mapping(mapping).toDF().collect()[-1])
job.commit()
"""

CATALOG = " --conf ".join([
    "spark.sql.catalog.glue_catalog=org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.glue_catalog.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog",
    "spark.sql.catalog.glue_catalog.io-impl=org.apache.iceberg.aws.s3.S3FileIO",
    f"spark.sql.catalog.glue_catalog.warehouse=s3://{BUCKET}/warehouse/",
    "spark.driver.memory=1g",
])  # fmt: skip


def test_a_job_runs_on_spark_and_leaves_an_iceberg_table(jobs, local_aws):
    jobs.glue.create_database(DatabaseInput={"Name": "glue_tests"})
    arguments = {"--datalake-formats": "iceberg", "--conf": CATALOG, "--table": "glue_catalog.glue_tests.people"}
    run = jobs.run(jobs.make("spark", SPARK, DefaultArguments=arguments))
    assert run["JobRunState"] == "SUCCEEDED", jobs.log(run)
    assert jobs.log(run) == ["Spark 3.5.6 UTC spark", "Row(number=2, name='n2')"]
    table = jobs.glue.get_table(DatabaseName="glue_tests", Name="people")["Table"]
    assert table["Parameters"]["table_type"] == "ICEBERG"
    expected = {"Attempt": 0, "MaxCapacity": 2.0, "WorkerType": "G.1X", "GlueVersion": "5.1", "Timeout": 480}
    assert {key: run[key] for key in expected} == expected
    assert run["StartedOn"] < run["CompletedOn"]
    assert run["ExecutionTime"] > 0


def test_a_script_gets_glues_arguments_and_nothing_of_the_host(jobs):
    script = "import os, sys, json; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    run = jobs.run(
        jobs.make("arguments", script, DefaultArguments={"--a": "default", "--b": "kept"}), Arguments={"--a": "given"}
    )
    arguments, environment = json.loads(jobs.log(run)[0])
    named = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert (named["--JOB_NAME"], named["--JOB_RUN_ID"]) == ("arguments", run["Id"])
    assert (named["--a"], named["--b"]) == ("given", "kept")
    allowed = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "JAVA_HOME", "GLUE_ERROR_LOG", "LC_CTYPE"}
    assert {name for name in environment if not name.startswith(("AWS_", "SPARK_", "PYTHON", "PYSPARK_"))} <= allowed
    assert run["Arguments"] == {"--a": "given"}


def test_libraries_come_from_s3(jobs):
    def archive(files: dict[str, str]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as built:
            for name, text in files.items():
                built.writestr(name, text)
        return buffer.getvalue()

    package = archive({"shop/__init__.py": "", "shop/prices.py": "VAT = 19"})
    wheel = jobs.put("lib/shop-1-py3-none-any.whl", package)
    module = jobs.put("lib/single.py", b"WORD = 'single'")
    extra = jobs.put("lib/extra-1-py3-none-any.whl", archive({"extra.py": "WORD = 'installed'"}))
    table = jobs.put("lib/rates.csv", b"EUR,1\n")
    script = "import extra, single, shop.prices as p; print(p.VAT, single.WORD, extra.WORD, open('rates.csv').read())"
    arguments = {
        "--extra-py-files": f"{wheel},{module}",
        "--additional-python-modules": extra,
        "--python-modules-installer-option": "--no-index",
        "--extra-files": table,
    }
    run = jobs.run(jobs.make("libraries", script, DefaultArguments=arguments))
    assert jobs.log(run)[0] == "19 single installed EUR,1"


def test_a_failing_script_fails_with_its_last_line(jobs):
    run = jobs.run(jobs.make("failing", "print('before')\nraise ValueError('no rows in orders')"))
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "ValueError: no rows in orders")
    assert jobs.log(run)[0] == "before"
    assert any("ValueError: no rows in orders" in line for line in jobs.log(run, "error"))


def test_a_missing_script_or_package_index_fails_before_the_script(jobs):
    missing = jobs.run(jobs.make("missing-script", None))
    assert missing["JobRunState"] == "FAILED"
    assert missing["ErrorMessage"].startswith("LAUNCH ERROR | Error downloading from S3 for bucket: glue-tests, key: ")
    index = jobs.run(
        jobs.make("index", "print(1)", DefaultArguments={"--additional-python-modules": "pymysql"}),
    )
    assert index["JobRunState"] == "FAILED"
    assert "Python Module Installer" in index["ErrorMessage"]


def test_what_glue_refuses_at_once(jobs):
    with pytest.raises(ClientError) as unknown:
        jobs.start("no-such-job")
    assert error_code(unknown) == "EntityNotFoundException"
    jobs.make("wrong-role", "print(1)", Role="arn:aws:iam::000000000000:role/nobody")
    with pytest.raises(ClientError, match="should be given assume role permissions") as role:
        jobs.start("wrong-role")
    assert error_code(role) == "InvalidInputException"
    with pytest.raises(ClientError, match="pythonshell is not emulated"):
        jobs.make("shell", "print(1)", Command={"Name": "pythonshell", "ScriptLocation": f"s3://{BUCKET}/x.py"})


SLEEPER = "import time\nprint('ready', flush=True)\ntime.sleep(90)"


def test_one_run_at_a_time_then_a_stop(jobs):
    name = jobs.make("sleeper", SLEEPER)
    first = jobs.start(name)
    jobs.says(name, first, "ready")
    with pytest.raises(ClientError) as busy:
        jobs.start(name)
    assert error_code(busy) == "ConcurrentRunsExceededException"
    queued = jobs.start(name, JobRunQueuingEnabled=True)
    assert jobs.look(name, queued)["JobRunState"] == "WAITING"
    answer = jobs.glue.batch_stop_job_run(JobName=name, JobRunIds=[queued, first, "jr_none"])
    assert [entry["JobRunId"] for entry in answer["SuccessfulSubmissions"]] == [queued, first]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert jobs.end(name, first)["JobRunState"] == "STOPPED"
    assert jobs.end(name, queued)["JobRunState"] == "STOPPED"
    listed = jobs.glue.get_job_runs(JobName=name, MaxResults=1)
    assert [run["Id"] for run in listed["JobRuns"]] == [queued]
    assert "NextToken" in listed


def test_a_queued_run_follows(jobs):
    name = jobs.make("queue", "import time; time.sleep(2)", JobRunQueuingEnabled=True)
    first, second = jobs.start(name), jobs.start(name)
    ends = [jobs.end(name, run_id) for run_id in (first, second)]
    assert [run["JobRunState"] for run in ends] == ["SUCCEEDED", "SUCCEEDED"]
    assert ends[1]["CompletedOn"] > ends[0]["CompletedOn"]


def test_a_failed_run_is_tried_again_as_a_run_of_its_own(jobs):
    name = jobs.make("retried", "raise RuntimeError('again')", MaxRetries=1)
    first = jobs.run(name)
    jobs.until(name, f"{first['Id']}_attempt_1", lambda run: run["JobRunState"] == "FAILED")
    second, _ = jobs.glue.get_job_runs(JobName=name)["JobRuns"]
    assert (second["Attempt"], second["PreviousRunId"]) == (1, first["Id"])


def test_an_end_is_told_to_eventbridge(jobs, local_aws):
    sqs, events = local_aws.client("sqs"), local_aws.client("events")
    url = sqs.create_queue(QueueName="glue-ends")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.glue"], "detail-type": ["Glue Job State Change"], "detail": {"state": ["FAILED"]}}
    events.put_rule(Name="glue-ends", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="glue-ends", Targets=[{"Id": "queue", "Arn": arn}])
    run = jobs.run(jobs.make("told", "raise KeyError('x')"))
    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    detail = json.loads(message["Body"])["detail"]
    assert detail == {
        "jobName": "told",
        "severity": "ERROR",
        "state": "FAILED",
        "jobRunId": run["Id"],
        "message": "KeyError: 'x'",
    }


def test_a_job_definition_comes_back_whole(jobs):
    given = {
        "ExecutionClass": "STANDARD",
        "ExecutionProperty": {"MaxConcurrentRuns": 2},
        "NotificationProperty": {"NotifyDelayAfter": 5},
        "NonOverridableArguments": {"--fixed": "1"},
        "MaintenanceWindow": "Sun:10",
    }
    jobs.make("whole", "print(1)", Tags={"part": "batch"}, **given)
    kept = jobs.glue.get_job(JobName="whole")["Job"]
    assert {key: kept[key] for key in given} == given
    arn = "arn:aws:glue:us-east-1:000000000000:job/whole"
    jobs.glue.tag_resource(ResourceArn=arn, TagsToAdd={"owner": "data"})
    assert jobs.glue.get_tags(ResourceArn=arn)["Tags"] == {"part": "batch", "owner": "data"}


def processes(aws: Any, run_id: str, name: str) -> int:
    return int(json.loads((aws.settings.state / "glue" / "runs" / run_id / f"{name}.json").read_text())["pid"])


def test_a_killed_process_is_a_failed_run(jobs, local_aws):
    name = jobs.make("killed", SLEEPER)
    run_id = jobs.start(name)
    jobs.says(name, run_id, "ready")
    os.kill(processes(local_aws, run_id, "job"), signal.SIGKILL)
    run = jobs.end(name, run_id)
    assert (run["JobRunState"], run["ErrorMessage"]) == (
        "FAILED",
        "Command failed with exit code 137 (killed by SIGKILL).",
    )


def test_a_killed_runner_takes_its_job_along(jobs, local_aws):
    name = jobs.make("orphan", SLEEPER)
    run_id = jobs.start(name)
    jobs.says(name, run_id, "ready")
    job = processes(local_aws, run_id, "job")
    os.kill(processes(local_aws, run_id, "runner"), signal.SIGKILL)
    run = jobs.end(name, run_id)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith("Job run was lost")
    assert not psutil.pid_exists(job) or psutil.Process(job).status() == psutil.STATUS_ZOMBIE


def test_a_run_outlives_the_gateway(jobs, local_aws):
    script = "import time\nfor n in range(8):\n    print('line', n, flush=True)\n    time.sleep(1)\nprint('done')"
    name = jobs.make("outlives", script)
    run_id = jobs.start(name)
    jobs.says(name, run_id, "line 2")
    local_aws.kill_gateway()
    run = jobs.end(name, run_id)
    assert run["JobRunState"] == "SUCCEEDED"
    assert jobs.log(run) == [*(f"line {n}" for n in range(8)), "done"]
