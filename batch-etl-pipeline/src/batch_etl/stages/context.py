"""Everything the stages of one run work with."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession

from batch_etl.lake.iceberg import CATALOG
from batch_etl.lake.lock import Lock
from batch_etl.lake.mirror import Mirror
from batch_etl.lake.publisher import Publisher
from batch_etl.lake.records import Records
from batch_etl.lake.run_folder import RunFolder
from batch_etl.lake.staging import Staging
from batch_etl.options import EtlOptions
from batch_etl.sources.mysql import Source
from batch_etl.sources.secret import read_login
from batch_etl.stages.metrics import LakeMetrics

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True)
class AwsClients:
    s3: S3Client
    dynamodb: DynamoDBClient
    secrets: SecretsManagerClient
    cloudwatch: CloudWatchClient


@dataclass(frozen=True)
class Run:
    """A run's options, session and clients, and the rooms made of them."""

    options: EtlOptions
    open_spark: Callable[[], SparkSession]
    aws: AwsClients

    @cached_property
    def spark(self) -> SparkSession:
        """Opened on first use: what is wrong with the source or the lock is told without waiting for Spark."""
        session = self.open_spark()
        # Spark 3.5 loads a catalogue on first use, and fails when several threads are the first.
        session.catalog.databaseExists(f"{CATALOG}.{self._database('gold')}")
        return session

    @property
    def run_id(self) -> str:
        return self.options.run_id

    @cached_property
    def folder(self) -> RunFolder:
        return RunFolder(self.aws.s3, self.options.lake_bucket, self.run_id)

    @cached_property
    def staging(self) -> Staging:
        return Staging(self.aws.s3, self.options.lake_bucket, self.run_id)

    @cached_property
    def mirror(self) -> Mirror:
        return Mirror(self.spark, self._database("bronze"))

    @cached_property
    def records(self) -> Records:
        return Records(self.spark, self._database("bronze"), self._database("gold"))

    @cached_property
    def metrics(self) -> LakeMetrics:
        return LakeMetrics(self.aws.cloudwatch, self.options.project)

    @cached_property
    def publisher(self) -> Publisher:
        return Publisher(self.spark, self._database("gold"), self.records, self._still_ours)

    @cached_property
    def run_lock(self) -> Lock:
        """Keeps two whole runs from overlapping."""
        return self._lock(f"{self.options.project}-etl-job")

    @cached_property
    def publish_lock(self) -> Lock:
        """Keeps publications and the lake's maintenance apart."""
        return self._lock("publish")

    @contextmanager
    def source(self) -> Iterator[Source]:
        """The source database, with the CA bundle at hand while the block lasts."""
        place = self.options.source
        bucket, _, key = place.ca.removeprefix("s3://").partition("/")
        with tempfile.TemporaryDirectory(prefix="ca-") as folder:
            ca = Path(folder) / "source-ca.pem"
            self.aws.s3.download_file(bucket, key, str(ca))
            login = read_login(self.aws.secrets, place.secret_arn)
            yield Source(place.host, place.port, place.database, ca, login)

    def _lock(self, name: str) -> Lock:
        return Lock(self.aws.dynamodb, self.options.publish_lock_table, name, owner=self.run_id)

    def _still_ours(self) -> None:
        self.run_lock.renew()
        self.publish_lock.renew()

    def _database(self, layer: str) -> str:
        return f"{self.options.project}_{layer}"
