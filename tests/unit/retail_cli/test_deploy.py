"""`retail deploy` applies every root, or those that are named, in the roots' order."""

from __future__ import annotations

import pytest
from retail_cli.main import app
from retail_cli.terraform import Root
from typer.testing import CliRunner

ROOTS = ["app-infrastructure", "batch-etl-pipeline", "streaming-recommendation-pipeline"]


@pytest.fixture
def applied(monkeypatch):
    """The roots that a command applies, instead of their apply."""
    names = []
    monkeypatch.setattr(Root, "init", lambda root: None)
    monkeypatch.setattr(Root, "apply", lambda root: names.append(root.name))
    return names


def test_every_root_in_order(applied):
    assert CliRunner().invoke(app, ["deploy"]).exit_code == 0
    assert applied == ROOTS


def test_named_roots_in_their_order_however_they_are_named(applied):
    assert CliRunner().invoke(app, ["deploy", ROOTS[1], ROOTS[0]]).exit_code == 0
    assert applied == ROOTS[:2]


def test_an_unknown_root_is_refused_before_anything_is_applied(applied):
    refused = CliRunner().invoke(app, ["deploy", ROOTS[0], "storefront"])
    assert refused.exit_code == 2
    assert "storefront is none of" in " ".join(refused.output.split())
    assert applied == []
