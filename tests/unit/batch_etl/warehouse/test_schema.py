"""The warehouse's contract: the lake's columns, keys and types, and who may do what."""

from __future__ import annotations

import psycopg
import pytest
from batch_etl.medallion import tables as medallion
from batch_etl.schemas import GRAIN, STAR
from batch_etl.warehouse.publications import GROUPS
from batch_etl.warehouse.schema import set_up
from batch_etl.warehouse.tables import find_table

CONTRACTS = STAR | medallion.MARTS
GRAINS = GRAIN | medallion.GRAIN
KINDS = {"int": "integer", "bigint": "bigint", "string": "text", "date": "date", "boolean": "boolean"}


def kind_of(field):
    name = field.dataType.simpleString()
    return KINDS.get(name, name.replace("decimal", "numeric"))


@pytest.mark.parametrize("name", CONTRACTS)
def test_columns_are_the_lakes_in_lower_case(server, name):
    with server.connect() as connection:
        found = [(column.name, column.kind) for column in find_table(connection, name).columns]
    assert found == [(field.name.lower(), kind_of(field)) for field in CONTRACTS[name]]


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_row_is_identified_by_the_lakes_grain(server, name):
    with server.connect() as connection:
        keys = {column.name for column in find_table(connection, name).columns if column.key}
    assert keys == {column.lower() for column in GRAINS[name]}


def test_every_table_that_is_published_is_loaded_and_says_what_a_row_is(server):
    loaded = [name for group in GROUPS.values() for name in group.tables]
    assert set(loaded) == set(CONTRACTS)
    undescribed = [name for name in loaded if server.ask(f"SELECT obj_description('{name}'::regclass)") == [(None,)]]
    assert undescribed == []


def test_set_up_may_be_repeated(server):
    with server.connect() as connection:
        set_up(connection)
        set_up(connection)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM fact_orders",
        "INSERT INTO dim_locations VALUES (1)",
        "TRUNCATE loads",
        "CREATE TABLE warehouse.mine (a integer)",
        "CREATE TABLE public.mine (a integer)",
        "CREATE TEMPORARY TABLE mine (a integer)",
        "SET ROLE warehouse_owner",
    ],
)
def test_the_reader_changes_nothing(server, statement):
    with server.connect("warehouse_reader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize("statement", ["CREATE ROLE another", "CREATE SCHEMA another", "DROP SCHEMA warehouse"])
def test_the_loader_is_no_master(server, statement):
    with server.connect("warehouse_loader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
