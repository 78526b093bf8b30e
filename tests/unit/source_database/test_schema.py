"""sql/mysql/schema.sql, read as text: what every table must have. (Servers read it in the integration tests.)"""

from __future__ import annotations

import re

import pytest
from source_database.dump.splitter import statements
from source_database.generator.columns import SCHEMAS
from source_database.schema import CLASSICMODELS, TABLES, schema_file


def definitions() -> dict[str, str]:
    with schema_file().open("rb") as stream:
        texts = [statement.text.decode() for statement in statements(stream)]
    return {text.split()[2]: text for text in texts}


def test_the_tables_come_in_an_order_in_which_parents_are_first():
    assert tuple(definitions()) == TABLES
    for table, text in definitions().items():
        parents = [TABLES.index(parent) for parent in re.findall(r"REFERENCES (\w+)", text)]
        assert max(parents, default=0) <= TABLES.index(table)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_an_indexed_updated_at_that_the_server_keeps(table):
    text = definitions()[table]
    assert "updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)" in text
    assert f"KEY {table}_updatedAt (updatedAt)" in text
    assert "PRIMARY KEY" in text


@pytest.mark.parametrize("table", TABLES)
def test_the_generator_fills_every_column(table):
    columns = re.findall(r"^  ([a-zA-Z]\w*) [A-Z]+[ (,]", definitions()[table], re.MULTILINE)
    named = [name for name in columns if name not in {"PRIMARY", "KEY", "UNIQUE", "CONSTRAINT"}]
    assert named == SCHEMAS[table].names


def test_columns_of_the_eight_tables_are_those_of_the_well_known_dump(shared_data):
    with (shared_data / "classicmodels" / "mysqlsampledatabase.sql").open("rb") as stream:
        texts = [s.text.decode() for s in statements(stream) if s.text.startswith(b"CREATE TABLE")]
    original = {re.findall(r"`(\w+)`", text)[0]: re.findall(r"^  `(\w+)` (\w+)", text, re.MULTILINE) for text in texts}
    ours = {
        table: re.findall(r"^  (\w+) (VARCHAR|INT|SMALLINT|DECIMAL|DATE|TEXT|MEDIUM\w+)\b", text, re.MULTILINE)
        for table, text in definitions().items()
        if table in CLASSICMODELS
    }
    assert {t: [(n, k.upper()) for n, k in columns] for t, columns in original.items()} == ours
