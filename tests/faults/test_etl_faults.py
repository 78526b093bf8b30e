"""What the ETL job does when its source, its rows, its rights or its own process fail it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from dataclasses import replace

import psutil
import pytest
from batch_etl.errors import SourceAccessDenied, SourceConnectionLost, SourceUnreachable
from batch_etl.sources.mysql import Login, open_snapshot
from etl_world import DUMP, JOB

pytestmark = pytest.mark.local_aws

DISK_BYTES = 16 * 1024


@pytest.fixture
def world(dump_world):
    return dump_world.as_the_dump()


def failure(run):
    assert run["JobRunState"] == "FAILED"
    return run["ErrorMessage"]


def test_a_wrong_password_is_named_with_its_user(world):
    secrets = world.aws.client("secretsmanager")
    wrong = json.dumps({"username": "retail_reader", "password": "wrong"})
    secrets.create_secret(Name="etl-faults-wrong", SecretString=wrong)
    message = failure(world.run(source_secret_arn="etl-faults-wrong"))
    assert "SourceAccessDenied" in message
    assert "refuses user 'retail_reader', also after reading the secret again" in message
    assert world.facts() == DUMP


def test_a_database_that_is_down_is_named_with_its_address(world):
    message = failure(world.run(source_port="1"))
    assert "SourceUnreachable" in message
    assert ":1 cannot be reached over TLS" in message


def test_another_run_at_work_is_named_and_nothing_is_touched(world):
    dynamodb = world.aws.client("dynamodb")
    table = world.aws.client("glue").get_job(JobName=JOB)["Job"]["DefaultArguments"]["--publish_lock_table"]
    key = {"lockName": {"S": f"{world.project}-etl-job"}}
    until = {"N": str(int(time.time()) + 900)}
    item = {**key, "owner": {"S": "jr_other"}, "acquiredAt": {"N": "1000000000"}, "expiresAt": until}
    dynamodb.put_item(TableName=table, Item=item)
    try:
        message = failure(world.run())
    finally:
        dynamodb.delete_item(TableName=table, Key=key)
    assert "LockHeld" in message
    assert "is held by jr_other since 2001-09-09T01:46:40+00:00" in message


def test_a_missing_table_fails_before_anything_is_written(world):
    world.mysql("RENAME TABLE payments TO payments_away")
    try:
        run = world.run()
    finally:
        world.mysql("RENAME TABLE payments_away TO payments")
    assert "SourceTableMissing: genuine.payments not found in the source" in failure(run)
    report = world.report(run["Id"])
    assert report["status"] == "FAILED"
    assert "payments not found" in report["reasons"][0]
    assert world.facts() == DUMP


def test_a_changed_type_says_how_to_change_it_back(world):
    world.mysql("ALTER TABLE orderdetails MODIFY priceEach DOUBLE NOT NULL")
    try:
        message = failure(world.run())
    finally:
        world.mysql("ALTER TABLE orderdetails MODIFY priceEach DECIMAL(10,2) NOT NULL")
    assert "SourceTypeChanged: genuine.orderdetails.priceEach is double" in message


def test_a_full_disk_is_named_with_the_table_that_it_stopped(world):
    """The kernel refuses the job's writes beyond a few pages, as it does on a disk that is full."""
    run_id = world.start()
    job = world.aws.settings.state / "glue" / "runs" / run_id / "job.json"
    wait_for(lambda: spark_runs(job), "the job's Spark to start")
    driver = psutil.Process(int(json.loads(job.read_text())["pid"]))
    driver.rlimit(psutil.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))
    message = failure(world.end(run_id))
    assert re.search(r"StagingError: Staging \w+ failed on the local disk: .*File too large", message)
    assert "Free space in the temporary folder, then run again" in message
    assert world.facts() == DUMP
    assert world.report(run_id)["status"] == "FAILED"


def test_bad_rows_go_to_quarantine_and_the_sums_still_agree(world):
    world.mysql("ALTER TABLE orderdetails DROP FOREIGN KEY orderdetails_ibfk_1, DROP FOREIGN KEY orderdetails_ibfk_2")
    for table in ("orders", "orderdetails"):
        world.mysql(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4")
    world.mysql(
        "SET foreign_key_checks = 0",
        "SET sql_mode = ''",
        "INSERT INTO orderdetails VALUES (99999, 'S10_1678', 2, 10.00, 1)",
        "INSERT INTO orderdetails VALUES (10100, 'NO_SUCH', 3, 10.00, 90)",
        "INSERT INTO orderdetails VALUES (10100, 'S10_1678', -4, 10.00, 91)",
        "INSERT INTO orderdetails VALUES (10100, 'S10_1949', 5, 10.00, 1)",
        "INSERT INTO orders VALUES (88888, '0000-00-00', '2005-01-01', NULL, 'Shipped', NULL, 103)",
        "INSERT INTO orderdetails VALUES (88888, 'S10_1678', 1, 99999999.99, 1)",
        "INSERT INTO orders VALUES (88889, '2005-01-01', '2005-01-08', NULL, 'On Hold', '漢字 🚗  ', 103)",
        "INSERT INTO orderdetails VALUES (88889, 'S10_1678  ', 2147483647, 99999999.99, 1)",
    )
    run = world.run()
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    found = world.ask(
        "SELECT tableName, field, COUNT(*) FROM bronze.quarantine "
        f"WHERE runId = '{run['Id']}' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert found == [
        ("orderdetails", "orderNumber", "2"),
        ("orderdetails", "orderNumber, orderLineNumber", "1"),
        ("orderdetails", "productCode", "1"),
        ("orderdetails", "quantityOrdered", "1"),
        ("orders", "orderDate", "1"),
    ]
    rows, amount = world.mysql("SELECT COUNT(*), SUM(quantityOrdered * priceEach) FROM orderdetails")[0]
    kept = world.facts()
    assert int(kept[0]) + 5 == rows
    report = world.report(run["Id"])
    assert report["counts"]["quarantined"] == 6
    assert report["sums"]["source"] == f"{amount:,.2f}"
    assert world.ask("SELECT comments FROM gold.fact_orders WHERE orderNumber = 88889") == [("漢字 🚗",)]
    compared = world.reconcile()
    assert [row.difference for row in compared.values()] == [0] * len(compared)
    assert compared["order_lines"].quarantined == 5
    assert compared["orders_with_lines"].quarantined == 2
    world.mysql("UPDATE orderdetails SET quantityOrdered = quantityOrdered + 1 WHERE orderNumber = 10100")
    changed = {name: row.difference for name, row in world.reconcile().items() if row.difference}
    assert set(changed) == {"booked"}, "a quarantine explains its own records and no other difference"


@pytest.mark.slow
def test_a_killed_run_leaves_the_old_tables_and_the_next_one_completes(dump_world):
    before = dump_world.facts()
    dump_world.restore()
    run_id = dump_world.start()
    folder = dump_world.aws.settings.state / "glue" / "runs" / run_id
    wait_for(lambda: "extract done" in text(folder / "output.log"), "the extract to end")
    os.kill(int(json.loads((folder / "job.json").read_text())["pid"]), signal.SIGKILL)
    assert dump_world.end(run_id)["JobRunState"] == "FAILED"
    assert dump_world.facts() == before
    dump_world.publish()
    assert dump_world.facts() == DUMP


@pytest.mark.slow
def test_a_database_dying_in_the_middle_of_the_extract_is_a_lost_connection(world):
    with open_snapshot(world.reader()) as snapshot:
        tables = snapshot.tables()
        own = int(snapshot.connection.thread_id())
        world.mysql(f"KILL {own}")
        with pytest.raises(SourceConnectionLost, match="went away during the extract"):
            [list(snapshot.stream(table)) for table in tables]


def test_a_rotated_password_is_read_once_more(world):
    reader = world.reader()
    good = reader.read_login()
    logins = iter([Login(good.user, "old"), good])
    again = replace(reader, read_login=lambda: next(logins))
    with open_snapshot(again) as snapshot:
        assert snapshot.tables()


def test_a_certificate_of_another_authority_is_refused(world, tmp_path):
    reader = world.reader()
    other = tmp_path / "other.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days", "1"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(other)),
        ],
        check=True,
        capture_output=True,
    )
    stranger = replace(reader, ca=other)
    with (
        pytest.raises((SourceUnreachable, SourceAccessDenied), match="cannot be reached over TLS"),
        open_snapshot(stranger),
    ):
        pass


def spark_runs(job):
    """Whether the run's Java has become Spark; what its Python may write is its own from then on."""
    if not job.exists():
        return False
    try:
        children = psutil.Process(int(json.loads(job.read_text())["pid"])).children(recursive=True)
        return any("org.apache.spark.deploy.SparkSubmit" in child.cmdline() for child in children)
    except psutil.NoSuchProcess:
        return False


def text(path):
    return path.read_text() if path.exists() else ""


def wait_for(condition, what, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)
