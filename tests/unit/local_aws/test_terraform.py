"""Terraform's provider comes from a local mirror where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_aws import environment, terraform
from local_aws.settings import Settings

AWS = "registry.terraform.io/hashicorp/aws"


def mirror_with(folder: Path, version: str = "5.100.0") -> Path:
    (folder / AWS / version / terraform.this_platform()).mkdir(parents=True)
    return folder


def test_a_mirror_named_by_tf_plugin_dir_is_found_by_either_of_its_names(tmp_path: Path) -> None:
    mirror = mirror_with(tmp_path / "a mirror")
    for named in (mirror, mirror / "registry.terraform.io"):
        assert terraform.find_mirror(AWS, "5.100.0", {"TF_PLUGIN_DIR": str(named)}) == mirror


def test_a_packed_provider_counts(tmp_path: Path) -> None:
    (tmp_path / AWS).mkdir(parents=True)
    (tmp_path / AWS / f"terraform-provider-aws_5.100.0_{terraform.this_platform()}.zip").touch()
    assert terraform.find_mirror(AWS, "5.100.0", {"TF_PLUGIN_DIR": str(tmp_path)}) == tmp_path


def test_the_directories_that_terraform_implies_are_searched(tmp_path: Path) -> None:
    mirror = mirror_with(tmp_path / ".terraform.d" / "plugins")
    assert terraform.find_mirror(AWS, "5.100.0", {"HOME": str(tmp_path)}) == mirror


def test_another_version_is_no_match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "_SEARCHED", ())
    mirror_with(tmp_path, "5.99.0")
    environment_ = {"TF_PLUGIN_DIR": str(tmp_path), "HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path)}
    assert terraform.find_mirror(AWS, "5.100.0", environment_) is None


def test_only_the_provider_that_the_mirror_holds_is_kept_from_the_registry() -> None:
    assert terraform.cli_configuration(AWS, Path("/a mirror"), Path("/cache")) == (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        '    path    = "/a mirror"\n'
        '    include = ["registry.terraform.io/hashicorp/aws"]\n'
        "  }\n"
        "  direct {\n"
        '    exclude = ["registry.terraform.io/hashicorp/aws"]\n'
        "  }\n"
        "}\n"
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, 5199, tmp_path / "cache", tmp_path / "state")


def test_a_configuration_of_the_users_own_stays_in_force(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "terraformrc"
    own.touch()
    assert environment.cli_configuration_file(settings, {"TF_CLI_CONFIG_FILE": str(own)}, print) is None


def test_a_configuration_that_does_not_exist_is_replaced_and_said(settings: Settings, tmp_path: Path) -> None:
    said: list[str] = []
    mirror = mirror_with(tmp_path / "mirror")
    caller = {"TF_CLI_CONFIG_FILE": "/nowhere/terraformrc", "TF_PLUGIN_DIR": str(mirror)}

    generated = environment.cli_configuration_file(settings, caller, said.append)

    assert generated is not None
    assert str(mirror) in generated.read_text()
    assert "/nowhere/terraformrc, which does not exist" in said[0]


def test_without_any_mirror_the_user_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(terraform, "find_mirror", lambda *_: None)

    generated = environment.cli_configuration_file(settings, {}, said.append)

    assert generated is not None
    assert "plugin_cache_dir" in generated.read_text()
    assert "TF_PLUGIN_DIR" in said[0]
