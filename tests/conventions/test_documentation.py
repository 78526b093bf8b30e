"""What the documentation says is so: links lead somewhere, commands exist and run, parts are described alike."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support import CHECKOUT, LocalAws

PART_HEADINGS = ["What comes in", "What goes out", "How to run it", "Where to change it"]
PARTS = [
    "app-infrastructure", "batch-etl-pipeline", "batch-etl-pipeline/airflow", "local-aws",
    "streaming-recommendation-pipeline",
]  # fmt: skip


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return [CHECKOUT / name for name in listed.stdout.splitlines() if (CHECKOUT / name).is_file()]


DOCUMENTS = tracked("*.md")


def shell_blocks(document: Path) -> list[str]:
    """The blocks marked sh: what a reader may type on the laptop. Commands for AWS alone are marked text."""
    return re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_lead_to_files_that_exist(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    missing = [t for t in targets if not t.startswith(("http", "mailto:")) and not (document.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_described_under_the_same_four_headings(part: str) -> None:
    headings = re.findall(r"^## (.+)$", (CHECKOUT / part / "README.md").read_text(), re.MULTILINE)
    assert [heading for heading in headings if heading in PART_HEADINGS] == PART_HEADINGS


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    named = {name for document in DOCUMENTS for name in re.findall(r"`make (?:-s )?([a-z-]+)", document.read_text())}
    assert named - targets == set()


def test_make_alone_explains_every_target() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    shown = subprocess.run(["make"], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    assert [target for target in targets if f"make {target} " not in shown] == []


def test_no_file_names_a_package_registry_or_a_place_on_one_machine() -> None:
    # Spelled in parts, so that this file passes its own test. uv.lock names where its packages come from.
    hosts = ["py" + "pi.org", "python" + "hosted.org", "repo1." + "maven", "repo." + "maven", "npm" + "js.org"]
    places = ["/" + "work/", "/" + "root/"]
    texts = {path: path.read_bytes() for path in tracked() if path.name != "uv.lock"}
    found = [(str(path), word) for path, text in texts.items() for word in hosts + places if word.encode() in text]
    assert found == []


@pytest.mark.local_aws
@pytest.mark.parametrize("name", ["README.md", "batch-etl-pipeline/README.md", "app-infrastructure/README.md"])
def test_commands_of_a_readme_run_as_written(name: str, applied: LocalAws) -> None:
    environment = applied.host_env | {"TF_CLI_ARGS_apply": "-auto-approve -input=false"}
    for block in shell_blocks(CHECKOUT / name):
        runnable = re.sub(
            r"^(make (demo|test|dashboard))\b.*$", r": \1 is run by other tests", block, flags=re.MULTILINE
        )
        done = subprocess.run(
            ["bash", "-euc", runnable], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.local_aws
def test_commands_of_local_aws_run_as_written(fresh_local_aws: LocalAws) -> None:
    for block in shell_blocks(CHECKOUT / "local-aws" / "README.md"):
        done = subprocess.run(
            ["bash", "-euc", block], cwd=CHECKOUT, env=fresh_local_aws.host_env, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def test_the_house_is_in_order() -> None:
    """`make lint`: style, formatting, types, layers."""
    done = subprocess.run(["make", "lint"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
