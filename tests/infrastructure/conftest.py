"""Terraform for tests: one provider for all of them, no state of the developer's touched, nothing asked of AWS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from local_aws.environment import cli_configuration_file
from local_aws.settings import Settings
from terraform_parts import CHECKOUT, ROOTS


@dataclass(frozen=True)
class Terraform:
    """Runs terraform in a folder of the checkout, its working data elsewhere."""

    environment: dict[str, str]
    data: Path

    def __call__(self, folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment | {"TF_DATA_DIR": str(self.data / folder.replace("/", "-"))}
        command = ["terraform", *arguments, "-no-color"]
        return subprocess.run(
            command, cwd=CHECKOUT / folder, env=environment, capture_output=True, text=True, check=False
        )

    def init(self, folder: str) -> None:
        done = self(folder, "init", "-backend=false", "-input=false")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    if shutil.which("terraform") is None:
        reason = "terraform is not on PATH; `make demo` or `make env` brings it"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    home = tmp_path_factory.mktemp("terraform")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    settings = Settings(CHECKOUT, cache_home=cache, state_home=home)
    configuration = cli_configuration_file(settings, os.environ, lambda _: None)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("TF_VAR_", "TF_CLI_ARGS"))}
    return Terraform(ours | ({"TF_CLI_CONFIG_FILE": str(configuration)} if configuration else {}), home / "data")


@dataclass(frozen=True)
class Plan:
    """A root's plan right after its apply: every value is known."""

    exit_code: int
    document: dict[str, Any]
    text: str

    def resources(self, kind: str) -> list[dict[str, Any]]:
        return [
            resource
            for resource in _resources(self.document["planned_values"]["root_module"])
            if resource["type"] == kind
        ]

    def values(self, kind: str) -> list[dict[str, Any]]:
        return [resource["values"] for resource in self.resources(kind)]


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


@pytest.fixture(scope="session")
def plans(applied: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """A plan of each root after the session's one apply."""
    folder = tmp_path_factory.mktemp("plans")
    return {root: _plan(applied.run, root, folder / f"{index}.tfplan") for index, root in enumerate(ROOTS)}


def _plan(run: Callable[..., subprocess.CompletedProcess[str]], root: str, file: Path) -> Plan:
    done = run(
        "terraform",
        f"-chdir={root}",
        "plan",
        "-input=false",
        "-no-color",
        "-detailed-exitcode",
        f"-out={file}",
        check=False,
    )
    shown = run("terraform", f"-chdir={root}", "show", "-json", str(file)) if file.exists() else None
    return Plan(done.returncode, json.loads(shown.stdout) if shown else {}, done.stdout + done.stderr)
