"""An extract on its way to the lake: what the local disk or S3 does not take is said in one line."""

import boto3
import pyarrow as pa
import pytest
from batch_etl.errors import StagingError
from batch_etl.lake.staging import Staging
from moto import mock_aws

SCHEMA = pa.schema([("orderNumber", pa.int32())])
ROWS = pa.RecordBatch.from_pydict({"orderNumber": [10100, 10101]}, schema=SCHEMA)


@pytest.fixture
def staging(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        yield Staging(s3, "lake", "run-1")


def objects(staging):
    return [entry["Key"] for entry in staging.s3.list_objects_v2(Bucket="lake").get("Contents", [])]


def write(staged, *, onto):
    """Write the rows to the device that stands where the local file would be."""
    (staged.folder / "part.parquet").symlink_to(onto)
    staged.write(ROWS)


def test_a_table_is_staged_as_files_with_a_digest(staging):
    with staging.writer("orders", SCHEMA) as staged:
        staged.write(ROWS)
    assert (staged.rows, staged.keys) == (2, ["staging/run-1/orders/part-00000.parquet"])
    assert objects(staging) == staged.keys


def test_a_disk_without_space_is_named_with_the_table_and_the_remedy(staging):
    reason = r"Staging orders failed on the local disk: .*No space left on device.* Free space in the temporary folder"
    with pytest.raises(StagingError, match=reason), staging.writer("orders", SCHEMA) as staged:
        write(staged, onto="/dev/full")
    assert objects(staging) == []
    assert not staged.folder.exists()


def test_an_s3_that_refuses_is_named_with_the_table_and_the_remedy(staging):
    nowhere = Staging(staging.s3, "no-such-bucket", "run-1")
    reason = r"Staging orders on S3 failed: .*Check the job role's rights on the lake"
    with pytest.raises(StagingError, match=reason), nowhere.writer("orders", SCHEMA) as staged:
        staged.write(ROWS)
