"""Terraform's event stream becomes one line of progress, and its diagnostics a message."""

from __future__ import annotations

import json
import stat

import pytest
from retail_cli.terraform import Progress, Root, TerraformError
from rich.console import Console


def event(kind, address="", action="create"):
    return {"type": kind, "hook": {"resource": {"addr": address}, "action": action}}


def summary(operation, add=0, change=0, remove=0):
    return {
        "type": "change_summary",
        "changes": {"operation": operation, "add": add, "change": change, "remove": remove},
    }


def test_progress_names_what_takes_longest():
    progress = Progress()
    for noted in (
        summary("plan", add=2, change=1),
        event("apply_start", "data.aws_region.current", "read"),
        event("apply_start", "aws_db_instance.this"),
        event("apply_start", "aws_vpc.this"),
        event("apply_complete", "aws_vpc.this"),
    ):
        progress.note(noted)
    assert progress.line() == "1 of 3 resources, aws_db_instance.this since 0 s"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A root whose `terraform` prints what a test gives it."""
    (tmp_path / "app" / "terraform").mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))

    def saying(*lines, code=0):
        program = tmp_path / "terraform"
        body = "".join(f"/bin/echo '{line if isinstance(line, str) else json.dumps(line)}'\n" for line in lines)
        program.write_text(f"#!/bin/sh\n{body}exit {code}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return Root(tmp_path / "app" / "terraform", Console(stderr=True))

    return saying


def test_a_failed_apply_says_why_and_where(root):
    diagnostic = {
        "severity": "error",
        "summary": "Resource precondition failed",
        "detail": "run make package first.",
        "address": "aws_s3_object.script",
        "range": {"filename": "artifacts.tf", "start": {"line": 6}},
    }
    failing = root({"type": "diagnostic", "diagnostic": diagnostic}, code=1)
    with pytest.raises(TerraformError, match=r"failed \[aws_s3_object.script\] \(artifacts.tf:6\)\nrun make package"):
        failing.apply()


def test_words_before_the_event_stream_are_not_lost(root):
    with pytest.raises(TerraformError, match="Backend initialization required"):
        root("Backend initialization required", code=1).apply()


def test_a_finished_apply_counts_what_it_changed(root, capsys):
    root(
        summary("plan", add=1), event("apply_start", "a"), event("apply_complete", "a"), summary("apply", add=1)
    ).apply()
    assert "apply app: 1 added, 0 changed, 0 destroyed" in capsys.readouterr().err


def test_a_root_without_state_is_empty(root):
    assert root().is_empty()
    assert not root("aws_vpc.this").is_empty()
