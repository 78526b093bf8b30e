"""Tools are made once, appear only when complete, and need no network afterwards."""

from __future__ import annotations

import hashlib
import io
import platform
import zipfile
from pathlib import Path
from typing import Any

import pytest
from local_aws import python_tools, toolchain
from local_aws.download import DownloadError, RemoteFile
from local_aws.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[3]
HERE = f"{platform.system()}-{platform.machine()}".lower()


def server_archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ch/vorburger/mariadb-11/linux/bin/mariadbd", "#!/bin/sh\n")
        archive.writestr("ch/vorburger/mariadb-11/linux/share/english/errmsg.sys", "messages")
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0")
    return packed.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(CHECKOUT, 5199, tmp_path / "cache", tmp_path / "state")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A network that has one archive; the list holds what was fetched."""
    names: list[str] = []

    def fetch_all(files: list[RemoteFile]) -> None:
        for file in files:
            names.append(file.target.name)
            file.target.parent.mkdir(parents=True, exist_ok=True)
            file.target.write_bytes(server_archive())

    pin: dict[str, Any] = {"platform": HERE, "maven": "g:server:1:jar", "sha256": "", "size": 1}
    monkeypatch.setattr(toolchain, "fetch_all", fetch_all)
    monkeypatch.setattr(toolchain, "pins", lambda: {"mariadb": {"version": "1", "files": [pin]}})
    return names


def test_a_tool_is_unpacked_to_what_its_engine_needs(settings: Settings, fetched: list[str]) -> None:
    folder = toolchain.ensure(settings, "mariadb")

    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "bin/mariadbd",
        "share/english/errmsg.sys",
    ]
    assert (folder / "bin" / "mariadbd").stat().st_mode & 0o111


def test_the_second_time_nothing_is_fetched_and_the_archive_is_gone(settings: Settings, fetched: list[str]) -> None:
    assert toolchain.ensure(settings, "mariadb") == toolchain.ensure(settings, "mariadb")
    assert fetched == ["server-1.jar"]
    assert list((settings.cache / "downloads").iterdir()) == []


def test_a_set_up_that_was_cut_while_unpacking_starts_that_tool_again(settings: Settings, fetched: list[str]) -> None:
    partial = settings.cache / "tools" / "mariadb-1.partial"
    partial.mkdir(parents=True)
    (partial / "half").write_text("x")

    folder = toolchain.ensure(settings, "mariadb")

    assert not (folder / "half").exists()


def test_a_failed_download_leaves_no_tool(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(files: list[RemoteFile]) -> None:
        raise DownloadError("no network")

    monkeypatch.setattr(toolchain, "fetch_all", no_network)
    with pytest.raises(DownloadError):
        toolchain.ensure(settings, "mariadb")
    assert not toolchain.folder(settings, "mariadb").exists()


def test_a_machine_that_no_build_exists_for_is_told_the_alternative(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolchain.platform, "machine", lambda: "riscv64")
    with pytest.raises(toolchain.ToolchainError, match=r"not published for .*riscv64.*EXTERNAL_MYSQL_URL"):
        toolchain.ensure(settings, "mariadb")


def test_a_mirror_of_maven_central_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVEN_REPO_URL", "https://mirror.example/maven/")
    assert toolchain.maven_url("com.mysql:mysql-connector-j:9.7.0:jar") == (
        "https://mirror.example/maven/com/mysql/mysql-connector-j/9.7.0/mysql-connector-j-9.7.0.jar"
    )


def test_every_artefact_is_pinned_by_a_sha_256() -> None:
    for name, pin in toolchain.pins().items():
        digests = [file["sha256"] for file in pin.get("files", [])] + pin.get("sha256", [])
        assert digests or name == "terraform-provider", name
        assert all(len(bytes.fromhex(digest)) == hashlib.sha256().digest_size for digest in digests), name


def test_a_runtime_environment_changes_with_what_the_lock_gives_it_and_with_nothing_else(tmp_path: Path) -> None:
    lock = """
        [[package]]
        name = "root"
        version = "0"
        [package.dev-dependencies]
        lambda-runtime = [{ name = "boto3" }]
        [[package]]
        name = "boto3"
        version = "1"
        dependencies = [{ name = "botocore" }]
        [[package]]
        name = "botocore"
        version = "2"
        [[package]]
        name = "rich"
        version = "3"
    """
    (tmp_path / "uv.lock").write_text(lock)
    assert python_tools.locked_packages(tmp_path / "uv.lock", "lambda-runtime") == ["boto3==1", "botocore==2"]
