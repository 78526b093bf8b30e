"""External schemas: made only of what is there, by whom may, and gone with their namespace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_aws.services.redshift_schemas import ExternalSchemas, StatementError
from redshift_world import ADMIN, ANALYST, World, redshift_world

CREATE = "CREATE EXTERNAL SCHEMA {name} FROM DATA CATALOG DATABASE '{database}' IAM_ROLE '{role}'"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with redshift_world(tmp_path) as made:
        yield made


def create(world: World, name: str = "lake", database: str = "shop_gold", role: str | None = None) -> str:
    return CREATE.format(name=name, database=database, role=role or world.role)


def test_a_schema_is_made_and_dropped(world: World) -> None:
    assert world.obey(f"-- the lake\n{create(world, 'Lake')};") == "lake"
    assert world.schemas.names() == ["lake", "shop"]
    assert world.schemas.record("lake")["glue_database"] == "shop_gold"
    world.obey("DROP SCHEMA lake CASCADE")
    assert world.schemas.names() == ["shop"]


def test_making_it_twice_is_an_error_unless_tolerated(world: World) -> None:
    world.obey(create(world))
    with pytest.raises(StatementError, match='Schema "lake" already exists'):
        world.obey(create(world))
    world.obey(create(world).replace("SCHEMA lake", "SCHEMA IF NOT EXISTS lake"))
    world.obey("DROP SCHEMA IF EXISTS nowhere")
    with pytest.raises(StatementError, match='schema "nowhere" does not exist'):
        world.obey("DROP SCHEMA nowhere")


def test_database_and_role_must_be_there_and_the_role_must_trust_redshift(world: World) -> None:
    with pytest.raises(StatementError, match='External database "nowhere" does not exist'):
        world.obey(create(world, database="nowhere"))
    with pytest.raises(StatementError, match="is not associated to cluster"):
        world.obey(create(world, role="arn:aws:iam::123456789012:role/other"))
    with pytest.raises(StatementError, match="does not trust Redshift"):
        world.obey(create(world, role=world.stranger))
    world.client("iam").delete_role(RoleName=world.role.rpartition("/")[2])
    with pytest.raises(StatementError, match="does not exist"):
        world.obey(create(world))
    assert world.schemas.names() == ["shop"]


def test_only_the_admin_makes_and_grants_and_only_the_owner_drops(world: World) -> None:
    for sql, message in {
        create(world): "permission denied for database dev",
        "GRANT USAGE ON SCHEMA shop TO PUBLIC": "permission denied for schema shop",
        "DROP SCHEMA shop": "must be owner of schema shop",
    }.items():
        with pytest.raises(StatementError, match=message):
            world.obey(sql, ANALYST)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE EXTERNAL SCHEMA x FROM HIVE METASTORE DATABASE 'y' URI 'z' IAM_ROLE 'r'",
        "CREATE EXTERNAL SCHEMA x FROM DATA CATALOG DATABASE 'shop_gold' IAM_ROLE DEFAULT",
        "CREATE EXTERNAL SCHEMA x FROM DATA CATALOG DATABASE 'y' IAM_ROLE 'r' CREATE EXTERNAL DATABASE IF NOT EXISTS",
        "CREATE EXTERNAL SCHEMA x FROM DATA CATALOG DATABASE 'shop_gold' REGION 'eu-west-1' IAM_ROLE 'r'",
        "DROP SCHEMA shop DROP EXTERNAL DATABASE",
        "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO PUBLIC",
    ],
)
def test_other_forms_are_refused_by_name(world: World, sql: str) -> None:
    with pytest.raises(StatementError, match="local-aws does not emulate"):
        world.obey(sql)
    assert world.schemas.names() == ["shop"]


def test_queries_are_not_commands(world: World) -> None:
    assert world.obey("SELECT 'CREATE EXTERNAL SCHEMA x'") is None


def test_what_a_failed_batch_did_is_undone_and_nothing_else(world: World) -> None:
    before = world.schemas.snapshot()
    for sql in (create(world), "GRANT USAGE ON SCHEMA shop TO PUBLIC", "DROP SCHEMA shop"):
        world.obey(sql)
    world.obey(create(world, "of_another_statement"))
    world.schemas.restore(before, {"lake", "shop"})
    assert world.schemas.names() == ["of_another_statement", "shop"]
    assert world.schemas.record("shop") == before["shop"]


def test_a_namespace_takes_its_schemas_along(world: World) -> None:
    store: ExternalSchemas = world.schemas.store
    store.forget("another")
    assert world.schemas.names() == ["shop"]
    store.forget("one")
    assert world.schemas.names() == []


def test_the_admin_is_named_as_owner(world: World) -> None:
    assert world.schemas.record("shop")["owner"] == ADMIN.name
