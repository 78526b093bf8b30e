"""The files of sql/redshift as `retail redshift` reads them."""

from __future__ import annotations

from pathlib import Path

from batch_etl.analytics.redshift import read_queries, shipped_queries


def test_a_file_is_a_query_with_its_comment_as_title_and_description(tmp_path: Path) -> None:
    (tmp_path / "one.sql").write_text("-- One\n-- row a month,\n-- no more.\nSELECT 1\n-- not part of it\n")
    (query,) = read_queries(tmp_path, "retail").values()
    assert (query.title, query.description) == ("One", "row a month, no more.")


def test_another_project_has_databases_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one.sql").write_text("-- One\nSELECT 1 FROM retail_gold.a JOIN retail_silver.b")
    (query,) = read_queries(tmp_path, "shop").values()
    assert query.sql.endswith("FROM shop_gold.a JOIN shop_silver.b")
    assert query.database == "shop"


def test_every_shipped_query_says_what_a_row_is() -> None:
    found = read_queries(shipped_queries(), "retail")
    assert sorted(found) == [
        "basket_affinity", "cohort_retention", "pareto", "rfm_segments", "rolling_revenue", "year_over_year"
    ]  # fmt: skip
    assert all(query.title and query.description.startswith("One row a") for query in found.values())
