"""FIDELITY.md is current, complete and backed by tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from local_aws.capabilities import Capability, Support, capabilities, fidelity_file, render

CHECKOUT = Path(__file__).resolve().parents[3]
ROOTS = ("app-infrastructure", "batch-etl-pipeline", "streaming-recommendation-pipeline")
EXECUTED = [row for row in capabilities() if row.support is Support.EXECUTED]


def test_the_file_is_what_the_table_says() -> None:
    assert fidelity_file(CHECKOUT).read_text() == render(capabilities()), "run `local-aws fidelity`"


@pytest.mark.parametrize("row", EXECUTED, ids=lambda row: row.name)
def test_the_test_that_a_row_names_exists(row: Capability) -> None:
    path, _, name = row.test.partition("::")
    functions = [
        node.name for node in ast.walk(ast.parse((CHECKOUT / path).read_text())) if isinstance(node, ast.FunctionDef)
    ]
    assert name in functions


def test_every_resource_type_of_the_roots_has_a_row() -> None:
    described = {kind for row in capabilities() for kind in row.resource_types}
    used = {
        kind
        for folder in (*ROOTS, "terraform-modules")
        for path in (CHECKOUT / folder).rglob("*.tf")
        for kind in re.findall(r'^resource "(aws_\w+)"', path.read_text(), re.MULTILINE)
    }
    assert used - described == set()


def test_a_row_may_not_claim_execution_without_proof() -> None:
    with pytest.raises(ValueError, match="executed rows"):
        Capability("Glue", "aws_glue_job", Support.EXECUTED, engine="Spark")
