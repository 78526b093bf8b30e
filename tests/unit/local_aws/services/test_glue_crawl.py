"""A crawl from S3 to the catalog under the crawler's policies; S3 and the catalog are moto's."""

import io
import json
from collections.abc import Iterator
from functools import cache

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_aws.services.glue_crawl import Crawl, summary
from local_aws.services.glue_crawler_definitions import CrawlerDefinitions
from local_aws.services.glue_crawler_source import CrawlStoppedError
from local_aws.store import Table
from moto import mock_aws

LAKE = "s3://lake/sales/"


class World:
    """A bucket, a database, and crawlers over them."""

    def __init__(self, table: Table) -> None:
        self.clients = cache(lambda service: boto3.client(service, region_name="us-east-1"))
        self.definitions = CrawlerDefinitions(table)
        self.said: list[str] = []
        self.clients("s3").create_bucket(Bucket="lake")
        self.clients("glue").create_database(DatabaseInput={"Name": "silver"})

    def put(self, key: str, **columns: list) -> None:
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer)
        self.clients("s3").put_object(Bucket="lake", Key=key, Body=buffer.getvalue())

    def crawl(self, name: str = "nightly", path: str = LAKE, **more) -> dict:
        targets = {"S3Targets": [{"Path": path}]}
        if name not in self.definitions.table:
            self.definitions.create({"Name": name, "Role": "r", "DatabaseName": "silver", "Targets": targets} | more)
        crawl = Crawl(self.definitions.get(name), "crawl-1", self.clients, lambda: None, self.said.append)
        return json.loads(summary(crawl.run()))

    def table(self, name: str = "sales") -> dict:
        return self.clients("glue").get_table(DatabaseName="silver", Name=name)["Table"]

    def tables(self) -> list[str]:
        return [table["Name"] for table in self.clients("glue").get_tables(DatabaseName="silver")["TableList"]]

    def columns(self, name: str = "sales") -> dict[str, str]:
        return {one["Name"]: one["Type"] for one in self.table(name)["StorageDescriptor"]["Columns"]}

    def partitions(self, name: str = "sales") -> dict[str, dict]:
        found = self.clients("glue").get_partitions(DatabaseName="silver", TableName=name)["Partitions"]
        return {",".join(one["Values"]): one for one in found}


@pytest.fixture
def world(tmp_path, monkeypatch) -> Iterator[World]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        world = World(Table(tmp_path / "state.sqlite", "glue.crawlers"))
        world.put("sales/dt=2026-01-01/a.parquet", id=[1, 2], price=[1.5, 2.5])
        world.put("sales/dt=2026-01-02/a.parquet", id=[3], price=[3.5])
        yield world


def test_a_first_crawl_makes_the_table_and_its_partitions(world):
    world.put("sales/_SUCCESS", x=[1])
    made = world.crawl(TablePrefix="raw_")
    assert made == {
        "TABLE": {"ADD": {"Details": {"names": ["raw_sales"]}, "Count": 1}},
        "PARTITION": {"ADD": {"Details": {"names": ["raw_sales(2026-01-01)", "raw_sales(2026-01-02)"]}, "Count": 2}},
    }
    table = world.table("raw_sales")
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert world.columns("raw_sales") == {"id": "bigint", "price": "double"}
    assert table["StorageDescriptor"]["Location"] == LAKE
    marks = {"classification": "parquet", "recordCount": "3", "objectCount": "2", "typeOfData": "file"}
    assert {name: table["Parameters"][name] for name in marks} == marks
    assert table["Parameters"]["UPDATED_BY_CRAWLER"] == "nightly"
    assert table["Parameters"]["CrawlerSchemaDeserializerVersion"] == "1.0"
    assert world.partitions("raw_sales")["2026-01-02"]["StorageDescriptor"]["Location"] == f"{LAKE}dt=2026-01-02/"


def test_a_second_crawl_of_the_same_data_changes_nothing(world):
    world.crawl()
    assert world.crawl() == {}


def test_new_columns_come_and_missing_ones_go_by_default(world):
    world.crawl()
    world.put("sales/dt=2026-01-01/a.parquet", id=[1], price=[1.5], shop=["n"])
    world.put("sales/dt=2026-01-02/a.parquet", id=[1], price=[1.5], shop=["n"])
    assert world.crawl()["TABLE"]["UPDATE"]["Count"] == 1
    assert list(world.columns()) == ["id", "price", "shop"]
    for day in ("01", "02"):
        world.put(f"sales/dt=2026-01-{day}/a.parquet", id=[1], shop=["n"])
    world.crawl()
    assert list(world.columns()) == ["id", "shop"]


def test_log_leaves_the_table_and_adds_the_partition(world):
    world.crawl(SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    world.put("sales/dt=2026-01-03/a.parquet", id=[1], price=[1.5], shop=["n"])
    assert world.crawl().keys() == {"PARTITION"}
    assert list(world.columns()) == ["id", "price"]
    assert list(world.partitions()) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert any("is to log it" in line for line in world.said)


def test_only_new_folders_are_added_when_only_these_are_crawled(world):
    world.crawl(
        RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
        SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
    )
    world.put("sales/dt=2026-01-01/b.parquet", id=[1], price=[1.5])
    assert world.crawl() == {}
    world.put("sales/dt=2026-01-03/a.parquet", id=[1], price=[1.5])
    assert world.crawl()["PARTITION"]["ADD"]["Count"] == 1


def test_merged_columns_keep_what_the_table_had(world):
    output = {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}
    world.crawl(Configuration=json.dumps({"Version": 1.0, "CrawlerOutput": output}))
    for day in ("01", "02"):
        world.put(f"sales/dt=2026-01-{day}/a.parquet", id=["now", "text"], shop=["n", "s"], town=["x", "y"])
    world.put("sales/dt=2026-01-02/a.parquet", id=["t"], price=["t"], shop=["n"], town=["y"])
    world.crawl()
    assert world.columns() == {"id": "bigint", "price": "double", "shop": "string", "town": "string"}


def test_partitions_inherit_from_the_table_when_told_to(world):
    output = {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}
    world.put("sales/dt=2026-01-03/a.parquet", id=[1], price=[1.5], shop=["n"])
    world.crawl()
    assert len(world.partitions()["2026-01-01"]["StorageDescriptor"]["Columns"]) == 2
    world.definitions.update(
        {"Name": "nightly", "Configuration": json.dumps({"Version": 1.0, "CrawlerOutput": output})}
    )
    world.crawl()
    for partition in world.partitions().values():
        assert [one["Name"] for one in partition["StorageDescriptor"]["Columns"]] == ["id", "price", "shop"]


@pytest.mark.parametrize(
    ("behavior", "tables", "deprecated"),
    [("DELETE_FROM_DATABASE", [], False), ("DEPRECATE_IN_DATABASE", ["sales"], True), ("LOG", ["sales"], False)],
)
def test_a_table_whose_data_is_gone(world, behavior, tables, deprecated):
    world.crawl(SchemaChangePolicy={"DeleteBehavior": behavior})
    for day in ("01", "02"):
        world.clients("s3").delete_object(Bucket="lake", Key=f"sales/dt=2026-01-{day}/a.parquet")
    world.crawl()
    assert world.tables() == tables
    assert [name for name in tables if "DEPRECATED_BY_CRAWLER" in world.table(name)["Parameters"]] == (
        tables if deprecated else []
    )


def test_a_partition_whose_data_is_gone_is_deleted_with_that_policy(world):
    world.crawl(SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    world.clients("s3").delete_object(Bucket="lake", Key="sales/dt=2026-01-01/a.parquet")
    assert world.crawl()["PARTITION"]["DELETE"]["Count"] == 1
    assert list(world.partitions()) == ["2026-01-02"]


def test_another_place_of_the_same_name_gets_a_hash(world):
    world.crawl()
    world.put("old/sales/a.parquet", other=[1])
    world.crawl("archive", path="s3://lake/old/sales/")
    assert sorted(world.tables())[1].startswith("sales_")
    assert len(world.tables()) == 2


def test_the_tables_of_others_are_left_alone(world):
    storage = {"Columns": [], "Location": f"{LAKE}gone/"}
    world.clients("glue").create_table(
        DatabaseName="silver", TableInput={"Name": "theirs", "StorageDescriptor": storage, "Parameters": {}}
    )
    world.crawl(SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    assert sorted(world.tables()) == ["sales", "theirs"]


def test_a_sample_speaks_for_its_folder(world):
    world.put("big/a.parquet", id=[1, 2])
    for name in "bcd":
        world.clients("s3").put_object(Bucket="lake", Key=f"big/{name}.parquet", Body=b"never read")
    world.crawl("sampling", Targets={"S3Targets": [{"Path": "s3://lake/big/", "SampleSize": 1}]})
    assert world.table("big")["Parameters"]["objectCount"] == "4"


def test_what_is_excluded_is_in_no_table(world):
    world.crawl(Targets={"S3Targets": [{"Path": LAKE, "Exclusions": ["dt=2026-01-02/**"]}]})
    assert list(world.partitions()) == ["2026-01-01"]


def test_a_catalog_target_keeps_its_table_up_to_date(world):
    world.crawl()
    world.put("sales/dt=2026-01-03/a.parquet", id=[1], price=[1.5], shop=["n"])
    target = {"CatalogTargets": [{"DatabaseName": "silver", "Tables": ["sales"]}]}
    made = world.crawl("keeper", Targets=target, SchemaChangePolicy={"DeleteBehavior": "LOG"})
    assert (made["TABLE"]["UPDATE"]["Count"], made["PARTITION"]["ADD"]["Count"]) == (1, 1)
    assert world.tables() == ["sales"]
    assert list(world.columns()) == ["id", "price", "shop"]


def test_folders_that_do_not_fit_a_declared_table_are_not_its_partitions(world):
    storage = {"Columns": [{"Name": "id", "Type": "bigint"}], "Location": LAKE}
    table = {"Name": "sales", "StorageDescriptor": storage, "PartitionKeys": [], "Parameters": {}}
    world.clients("glue").create_table(DatabaseName="silver", TableInput=table)
    target = {"CatalogTargets": [{"DatabaseName": "silver", "Tables": ["sales"]}]}
    policy = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    assert world.crawl("keeper", Targets=target, SchemaChangePolicy=policy) == {}
    assert world.partitions() == {}
    assert world.said[-1].startswith("WARN : Table sales has other partition keys")


def test_an_unknown_file_is_said_to_be_in_no_table(world):
    world.clients("s3").put_object(Bucket="lake", Key="odd/a.bin", Body=b"\x00\x01")
    assert world.crawl("odd", path="s3://lake/odd/") == {}
    assert world.said == ["WARN : No classifier knows s3://lake/odd/a.bin: it is in no table."]


def test_a_crawl_that_is_stopped_writes_nothing(world):
    world.definitions.create(
        {"Name": "slow", "Role": "r", "DatabaseName": "silver", "Targets": {"S3Targets": [{"Path": LAKE}]}}
    )

    def stop() -> None:
        raise CrawlStoppedError

    with pytest.raises(CrawlStoppedError):
        Crawl(world.definitions.get("slow"), "c", world.clients, stop, world.said.append).run()
    assert world.tables() == []
