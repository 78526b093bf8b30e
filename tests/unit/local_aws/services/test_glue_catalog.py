"""The Glue catalog's answers as Trino and Iceberg need them."""

import asyncio
from typing import Any

from local_aws.services.glue_catalog import GlueCatalogService, plain
from local_aws.wire import AwsRequest, HttpRequest


class Upstream:
    """Answers every call with one document and remembers what it was asked."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer, self.asked = answer, []

    async def upstream(self, request: AwsRequest, params: dict[str, Any] | None = None) -> dict[str, Any]:
        self.asked.append(params)
        return self.answer


def call(upstream: Upstream, action: str, **params: Any) -> dict[str, Any]:
    service = GlueCatalogService(upstream)  # type: ignore[arg-type]
    request = AwsRequest("glue", action, params, HttpRequest("POST", "/", "", {}, b""))
    return asyncio.run(service.handlers()[action](request))


def test_a_table_without_description_has_none() -> None:
    emulated = {"Name": "v", "Description": "", "Owner": None, "StorageDescriptor": {"Columns": [{"Name": "a"}]}}
    answer = call(Upstream({"Table": emulated}), "GetTable", DatabaseName="Sales", Name="V")
    assert answer == {"Table": {"Name": "v", "StorageDescriptor": {"Columns": [{"Name": "a"}]}}}


def test_an_empty_comment_of_a_column_is_no_description() -> None:
    assert plain({"Columns": [{"Name": "a", "Comment": ""}]}) == {"Columns": [{"Name": "a", "Comment": ""}]}


def test_names_are_stored_in_lower_case() -> None:
    upstream = Upstream({})
    call(upstream, "CreateTable", DatabaseName="Sales", TableInput={"Name": "FactOrders"})
    assert upstream.asked == [{"DatabaseName": "sales", "TableInput": {"Name": "factorders"}}]


def test_the_columns_of_an_iceberg_table_are_marked_as_current() -> None:
    columns = [{"Name": "a"}, {"Name": "old", "Parameters": {"iceberg.field.current": "false"}}]
    table = {"Name": "t", "Parameters": {"table_type": "ICEBERG"}, "StorageDescriptor": {"Columns": columns}}
    upstream = Upstream({})
    call(upstream, "CreateTable", DatabaseName="d", TableInput=table)
    stored = upstream.asked[0]["TableInput"]["StorageDescriptor"]["Columns"]
    assert [column["Parameters"]["iceberg.field.current"] for column in stored] == ["true", "false"]


def test_an_update_without_description_removes_it() -> None:
    upstream = Upstream({})
    call(upstream, "UpdateTable", DatabaseName="d", TableInput={"Name": "t", "Parameters": {"a": "1"}})
    given = upstream.asked[0]["TableInput"]
    assert (given["Description"], given["Parameters"]) == ("", {"a": "1"})


def test_tables_are_chosen_by_a_regular_expression() -> None:
    tables = {"TableList": [{"Name": "fact_orders"}, {"Name": "dim_dates"}, {"Name": "old_dim_dates"}]}
    answer = call(Upstream(tables), "GetTables", DatabaseName="d", Expression="dim_.*|fact_orders")
    assert [table["Name"] for table in answer["TableList"]] == ["fact_orders", "dim_dates"]


def test_every_partition_belongs_to_exactly_one_segment() -> None:
    partitions = [{"Values": [f"2024-01-{day:02}"]} for day in range(1, 31)]
    segments = [
        call(
            Upstream({"Partitions": partitions}),
            "GetPartitions",
            DatabaseName="d",
            TableName="t",
            Segment={"SegmentNumber": number, "TotalSegments": 5},
        )["Partitions"]
        for number in range(5)
    ]
    together = sorted(value for segment in segments for partition in segment for value in partition["Values"])
    assert together == [partition["Values"][0] for partition in partitions]
