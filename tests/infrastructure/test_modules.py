"""Every root and module is formatted, valid, described and tested by itself, without AWS."""

from __future__ import annotations

import re
import shutil
import subprocess

import hcl2
import pytest
from terraform_parts import CHECKOUT, MODULES, ROOTS

PARTS = (*ROOTS, *MODULES)


def blocks(part: str, kind: str) -> dict[str, dict[str, object]]:
    """Name → body of the `variable` or `output` blocks of a part."""
    found: dict[str, dict[str, object]] = {}
    for file in sorted((CHECKOUT / part).glob("*.tf")):
        for block in hcl2.loads(file.read_text()).get(kind, []):
            found |= {name.strip('"'): body for name, body in block.items()}
    return found


def test_formatting_is_terraforms(terraform):
    for folder in ("terraform-modules", *ROOTS):
        done = terraform(folder, "fmt", "-check", "-recursive")
        assert done.stdout == "", f"run `make fmt`: {done.stdout}"


@pytest.mark.parametrize("root", ROOTS)
def test_root_is_valid(terraform, root):
    terraform.init(root)
    done = terraform(root, "validate")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_its_own_promises(terraform, module):
    terraform.init(module)
    done = terraform(module, "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Success! [1-9]\d* passed", done.stdout), "a module without runs proves nothing"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_described(part, kind):
    undescribed = [name for name, body in blocks(part, kind).items() if not body.get("description")]
    assert undescribed == []


@pytest.mark.parametrize("part", PARTS)
def test_variables_are_typed(part):
    untyped = [name for name, body in blocks(part, "variable").items() if "any" in str(body.get("type", "any"))]
    assert untyped == []


@pytest.mark.parametrize("part", PARTS)
def test_the_only_provider_is_aws_at_its_pin(part):
    versions = (CHECKOUT / part / "versions.tf").read_text()
    assert re.findall(r"source\s+=\s+\"(.+)\"", versions) == ["hashicorp/aws"]
    assert re.findall(r"^\s+version\s+=\s+\"(.+)\"", versions, re.MULTILINE) == ["5.100.0"]
    assert 'required_version = ">= 1.11"' in versions


@pytest.mark.parametrize("root", ROOTS)
def test_hcl_knows_no_laptop(root):
    text = "\n".join(file.read_text() for file in (CHECKOUT / root).rglob("*.tf"))
    assert not re.search(r"127\.0\.0\.1|localhost|endpoints\s*\{|skip_requesting_account_id|is_local", text)


def test_checkov_finds_nothing():
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on PATH, so checkov cannot be run apart from our packages; `make test` brings it")
    checkov = [uv, "tool", "run", "--from", "checkov==3.3.30", "checkov"]
    brought = subprocess.run([*checkov, "--version"], capture_output=True, text=True, check=False)
    if brought.returncode:
        pytest.skip(f"checkov could not be installed: {brought.stderr.strip().splitlines()[-1]}")
    done = subprocess.run(
        [*checkov, "--config-file", ".checkov.yaml"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"Passed checks: [1-9]\d+, Failed checks: 0", done.stdout), "checkov must have looked at something"


def test_tflint_finds_nothing():
    if shutil.which("tflint") is None:
        pytest.skip("tflint is not on PATH: it is a single program from its releases page, taken when it is there")
    done = subprocess.run(
        ["tflint", "--recursive", "--config", str(CHECKOUT / ".tflint.hcl")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
