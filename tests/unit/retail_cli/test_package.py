"""`retail package` in a small checkout of its own; installing from the lock is replaced by a folder."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
import typer
from retail_cli import certificates, dependencies
from retail_cli import package as command
from retail_cli.package import Target, package

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Three members with a source file each, and no network."""
    files = {
        "uv.lock": "",
        "app-infrastructure/terraform/main.tf": "",
        "app-infrastructure/pyproject.toml": '[project]\nversion = "1.0"\n',
        "app-infrastructure/src/source_database/handlers/rotate_user.py": "def handler(event, context): ...\n",
        "app-infrastructure/src/storefront/main.py": "app = None\n",
        "batch-etl-pipeline/pyproject.toml": '[project]\nversion = "2.0"\n',
        "batch-etl-pipeline/src/batch_etl/__init__.py": "",
        "batch-etl-pipeline/src/batch_etl/jobs/__init__.py": "",
        "batch-etl-pipeline/src/batch_etl/jobs/retail_etl_job.py": "print('job')\n",
        "streaming-recommendation-pipeline/pyproject.toml": '[project]\nversion = "3.0"\n',
        "streaming-recommendation-pipeline/src/streaming_recs/jobs/retail_ml_etl_job.py": "print('job')\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TF_VAR_artifacts_dir", raising=False)
    monkeypatch.setattr(dependencies, "export", lambda *_: "")
    monkeypatch.setattr(certificates, "_checked", lambda _, content: content)
    (tmp_path / "ca.pem").write_text("certificates")
    monkeypatch.setenv("SOURCE_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return tmp_path


def built(checkout):
    files = (path for path in (checkout / "build").rglob("[!.]*") if path.is_file())
    return sorted(path.relative_to(checkout / "build").as_posix() for path in files)


def test_every_artifact_has_its_contracted_place(checkout):
    package(Target.LOCAL)
    assert built(checkout) == [
        "ca/source-ca.pem",
        "jobs/retail_etl_job.py",
        "jobs/retail_ml_etl_job.py",
        "lambda/batch_etl.zip",
        "lambda/source_database.zip",
        "lambda/streaming_recs.zip",
        "layers/batch_etl.zip",
        "layers/source_database.zip",
        "layers/streaming_recs.zip",
        "storefront/source_database-1.0-py3-none-any.whl",
        "storefront/storefront-1.0-py3-none-any.whl",
        "storefront/streaming_recs-3.0-py3-none-any.whl",
        "wheels/batch_etl/batch_etl-2.0-py3-none-any.whl",
        "wheels/streaming_recs/streaming_recs-3.0-py3-none-any.whl",
    ]
    layer = zipfile.ZipFile(checkout / "build" / "layers" / "source_database.zip")
    assert layer.read("ca/source-ca.pem") == b"certificates"


def test_unchanged_sources_are_not_built_again(checkout, capsys):
    package(Target.LOCAL)
    marker = checkout / "build" / "jobs" / "marker"
    marker.touch()
    package(Target.LOCAL)
    assert marker.exists()
    (checkout / "batch-etl-pipeline/src/batch_etl/__init__.py").write_text("changed = True\n")
    package(Target.LOCAL)
    assert not marker.exists()


def test_terraforms_own_variable_moves_the_build(checkout, monkeypatch):
    monkeypatch.setenv("TF_VAR_artifacts_dir", str(checkout / "elsewhere"))
    package(Target.LOCAL)
    assert (checkout / "elsewhere" / "jobs" / "retail_etl_job.py").exists()
    assert not (checkout / "build").exists()


def test_a_new_certificate_is_packaged(checkout):
    package(Target.LOCAL)
    (checkout / "ca.pem").write_text("renewed")
    package(Target.LOCAL)
    assert (checkout / "build" / "ca" / "source-ca.pem").read_text() == "renewed"


def test_more_than_lambda_takes_is_refused_and_leaves_the_old_build(checkout, monkeypatch, capsys):
    package(Target.LOCAL)
    before = built(checkout)
    (checkout / "batch-etl-pipeline/src/batch_etl/__init__.py").write_text("changed = True\n")
    monkeypatch.setattr(command, "LAMBDA_LIMIT", 10)
    with pytest.raises(typer.Exit):
        package(Target.LOCAL)
    assert "Lambda takes 10" in capsys.readouterr().err
    assert built(checkout) == before


def test_without_a_certificate_it_says_what_to_run(checkout, monkeypatch, capsys):
    monkeypatch.delenv("SOURCE_CA_BUNDLE")
    with pytest.raises(typer.Exit):
        package(Target.LOCAL)
    assert 'eval "$(make -s env)"' in capsys.readouterr().err


def test_a_bundle_that_is_none_is_refused(tmp_path, monkeypatch):
    (tmp_path / "page.html").write_text("<html>Please log in</html>")
    monkeypatch.setenv("SOURCE_CA_BUNDLE", str(tmp_path / "page.html"))
    with pytest.raises(certificates.CertificateError, match="holds no PEM certificates"):
        certificates.named_bundle()


def test_what_a_part_installs_is_its_own_extra():
    selections = {part.package: part.selection for part in command.FUNCTIONS}
    assert selections["streaming_recs"] == (
        "--package", "streaming-recommendation-pipeline", "--extra", "inference",
    )  # fmt: skip
    assert selections["source_database"] == ("--package", "app-infrastructure")


@pytest.mark.parametrize("part", command.JOBS, ids=lambda part: part.package)
def test_every_script_that_terraform_names_is_packaged(part):
    root = REPOSITORY / part.folder
    named = set(re.findall(r'script\s+= "(\w+\.py)"', "".join(file.read_text() for file in root.rglob("*.tf"))))
    scripts = {path.name for path in (root / "src" / part.package / "jobs").glob("[!_]*.py")}
    assert named
    assert named == scripts


def test_every_function_that_terraform_names_is_packaged():
    named = {
        name
        for file in REPOSITORY.glob("*/terraform/modules/*/*.tf")
        for name in re.findall(r"/lambda/(\w+)\.zip", file.read_text())
    }
    assert {part.package for part in command.FUNCTIONS} == named
