"""Programs that refuse root run as nobody, wherever root keeps its cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from local_aws.engines import unprivileged


@pytest.fixture
def private_folder(tmp_path: Path) -> Path:
    """A folder that only its owner may enter, as root's home is."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


def run(*argv: object) -> str:
    done = subprocess.run(unprivileged.command(*argv), check=True, capture_output=True, text=True, cwd="/")
    return done.stdout.strip()


def test_the_program_is_not_root() -> None:
    assert run("id", "-u") != "0"


def test_programs_in_a_private_folder_are_found_and_run(private_folder: Path) -> None:
    # initdb asks access(2) for its neighbours, which looks at other rights than starting a program does.
    program = Path(shutil.copy("/bin/echo", private_folder / "neighbour"))

    assert run("sh", "-c", f"test -x '{program}' && '{program}' found") == "found"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files that its unprivileged programs may not write")
def test_files_of_root_stay_unwritable(private_folder: Path) -> None:
    (private_folder / "file").write_text("kept")

    assert run("sh", "-c", f"test -w '{private_folder}/file' || echo refused") == "refused"
