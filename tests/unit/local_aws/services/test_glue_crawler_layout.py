"""Which folders a crawler takes for tables, and which for partitions."""

import pytest
from local_aws.services.glue_crawler_exclusions import matcher
from local_aws.services.glue_crawler_files import FileSchema
from local_aws.services.glue_crawler_layout import CrawledFile, Layout, at_level, by_compatibility, by_similarity

SALES = {"id": "bigint", "price": "double"}
PEOPLE = {"name": "string", "town": "string"}


def file(key: str, columns: dict[str, str] = SALES, kind: str = "parquet") -> CrawledFile:
    *folders, name = key.split("/")
    return CrawledFile(tuple(folders), name, 100, FileSchema(kind, columns, 10))


def told(layouts: list[Layout]) -> list[tuple[str, list[str], list[list[str]]]]:
    return [
        (layout.location, layout.keys, sorted(layout.values(names) for names in layout.partitions))
        for layout in layouts
    ]


def test_hive_folders_are_partitions_of_the_folder_above():
    files = [file("b/sales/dt=2026-01-01/a.parquet"), file("b/sales/dt=2026-01-02/b.parquet")]
    assert told(by_similarity(("b", "sales"), files)) == [("s3://b/sales/", ["dt"], [["2026-01-01"], ["2026-01-02"]])]


def test_folders_without_a_key_are_named_partition_0():
    files = [file("b/sales/2026/01/a"), file("b/sales/2026/02/a"), file("b/sales/2025/12/a")]
    assert told(by_similarity(("b", "sales"), files)) == [
        ("s3://b/sales/", ["partition_0", "partition_1"], [["2025", "12"], ["2026", "01"], ["2026", "02"]])
    ]


def test_one_hive_folder_alone_is_a_partition_too():
    assert told(by_similarity(("b", "sales"), [file("b/sales/dt=2026-01-01/a")])) == [
        ("s3://b/sales/", ["dt"], [["2026-01-01"]])
    ]


def test_folders_of_different_schemas_are_tables():
    files = [file("b/lake/sales/a"), file("b/lake/people/a", PEOPLE)]
    assert told(by_similarity(("b", "lake"), files)) == [
        ("s3://b/lake/sales/", [], []),
        ("s3://b/lake/people/", [], []),
    ]


def test_the_documented_example_of_dissimilar_years():
    files = [
        file("b/table1/year=2017/data1.json", {"a": "int", "b": "int"}, "json"),
        file("b/table1/year=2018/data2.json", {"c": "int", "d": "int"}, "json"),
    ]
    assert [layout.name for layout in by_similarity(("b", "table1"), files)] == ["year=2017", "year=2018"]
    combined = by_compatibility(("b", "table1"), files)
    assert told(combined) == [("s3://b/table1/", ["year"], [["2017"], ["2018"]])]
    assert combined[0].columns == {"a": "int", "b": "int", "c": "int", "d": "int"}


def test_the_odd_folder_stays_a_table_beside_the_majority():
    files = [file("b/t/x=1/a"), file("b/t/x=2/a"), file("b/t/x=3/a", PEOPLE)]
    assert told(by_similarity(("b", "t"), files)) == [
        ("s3://b/t/", ["x"], [["1"], ["2"]]),
        ("s3://b/t/x=3/", [], []),
    ]


def test_files_of_one_folder_that_differ_are_tables_of_their_own():
    files = [file("b/t/a.csv"), file("b/t/b.csv", PEOPLE)]
    assert [layout.location for layout in by_similarity(("b", "t"), files)] == ["s3://b/t/a.csv", "s3://b/t/b.csv"]


def test_formats_do_not_mix():
    files = [file("b/t/x=1/a"), file("b/t/x=2/a", kind="json")]
    assert [layout.name for layout in by_similarity(("b", "t"), files)] == ["x=1", "x=2"]


def test_no_file_is_lost_when_depths_differ():
    files = [file("b/t/a"), file("b/t/deep/er/b")]
    for layouts in (by_similarity(("b", "t"), files), by_compatibility(("b", "t"), files)):
        assert [(layout.location, layout.depth, len(layout.files)) for layout in layouts] == [("s3://b/t/", 0, 2)]


def test_a_table_level_counts_the_bucket_as_one():
    files = [file("b/2024/sales/x=1/a"), file("b/2024/sales/x=2/a"), file("b/2024/people/a", PEOPLE)]
    assert told(at_level(3, files)) == [
        ("s3://b/2024/sales/", ["x"], [["1"], ["2"]]),
        ("s3://b/2024/people/", [], []),
    ]


def test_escaped_partition_values_are_read_back():
    (layout,) = by_similarity(("b", "t"), [file("b/t/genre=Sci%2FFi/a"), file("b/t/genre=Art/a")])
    assert sorted(layout.values(names) for names in layout.partitions) == [["Art"], ["Sci/Fi"]]


@pytest.mark.parametrize(
    ("pattern", "excluded", "kept"),
    [
        ("*.csv", "a.csv", "deep/a.csv"),
        ("**.csv", "deep/a.csv", "a.json"),
        ("*/part-?", "x/part-1", "x/part-12"),
        ("{tmp,old}/**", "old/deep/a", "new/a"),
        ("**/[!a-c]*", "x/d.csv", "x/b.csv"),
        (r"odd\*name", "odd*name", "oddXname"),
    ],
)
def test_exclude_patterns(pattern, excluded, kept):
    assert matcher([pattern]).fullmatch(excluded)
    assert not matcher([pattern]).fullmatch(kept)


def test_without_patterns_nothing_is_left_out():
    assert not matcher([]).fullmatch("anything")
