"""Environments of a function share what was unpacked once."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from local_aws.services.lambda_unpacking import SharedUnpacking


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "/"), text)
    return path


def environment(shared: SharedUnpacking, archived: Path, folder: Path) -> Path:
    folder.mkdir()
    with shared.ZipFile(str(archived)) as opened:
        opened.extractall(str(folder))
    return folder


def test_two_environments_see_the_same_files(tmp_path: Path) -> None:
    shared = SharedUnpacking(tmp_path / "unpacked")
    layer = archive(tmp_path / "layer.zip", python__solver__core="answer = 42", ca="certificate")
    first, second = (environment(shared, layer, tmp_path / name) for name in ("one", "two"))
    assert (first / "python/solver/core").read_text() == "answer = 42"
    assert (first / "python/solver/core").samefile(second / "python/solver/core")
    assert (second / "ca").read_text() == "certificate"


def test_other_content_under_the_same_name_is_other_files(tmp_path: Path) -> None:
    shared = SharedUnpacking(tmp_path / "unpacked")
    first = environment(shared, archive(tmp_path / "code.zip", handler="version = 1"), tmp_path / "one")
    second = environment(shared, archive(tmp_path / "code.zip", handler="version = 2"), tmp_path / "two")
    assert [(folder / "handler").read_text() for folder in (first, second)] == ["version = 1", "version = 2"]


def test_what_is_no_archive_is_refused_as_the_emulator_expects(tmp_path: Path) -> None:
    shared = SharedUnpacking(tmp_path / "unpacked")
    (tmp_path / "layer.zip").write_text("not a zip")
    with pytest.raises(shared.BadZipFile):
        environment(shared, tmp_path / "layer.zip", tmp_path / "one")
