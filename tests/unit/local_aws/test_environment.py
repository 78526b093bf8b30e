"""`make env` prints lines that a shell can eval, for what exists now."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import boto3
import pytest
from local_aws import environment
from local_aws.settings import REGION, Settings
from moto import mock_aws


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "a home with 'quotes'"
    home.mkdir()
    (home / "uv.lock").write_text("package = []")
    return Settings(home, 5199, home / "cache", home / "state")


def evaluated(lines: list[str], **caller: str) -> dict[str, str]:
    """The environment of a shell that evaluated the lines."""
    script = "\n".join(lines) + "\nenv -0"
    done = subprocess.run(["sh", "-c", script], env=caller, check=True, capture_output=True, text=True)
    return dict(pair.split("=", 1) for pair in done.stdout.split("\0") if "=" in pair)


def test_an_sdk_is_pointed_here_and_other_accounts_are_out_of_reach(settings: Settings) -> None:
    caller = {"PATH": os.environ["PATH"], "AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "real"}

    after = evaluated(environment.shell_lines(settings, caller, lambda text: None), **caller)

    assert after["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5199"
    assert after["AWS_REGION"] == after["AWS_DEFAULT_REGION"] == "us-east-1"
    assert after["AWS_ACCESS_KEY_ID"] == "test"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & after.keys()


def test_terraform_gets_its_state_bucket_and_leaves_the_aws_data_directory_alone(settings: Settings) -> None:
    caller = {"PATH": os.environ["PATH"]}

    after = evaluated(environment.shell_lines(settings, caller, lambda text: None), **caller)

    assert "-backend-config=bucket=retail-terraform-state-000000000000-us-east-1" in after["TF_CLI_ARGS_init"]
    assert (after["TF_DATA_DIR"], after["TF_VAR_deletion_protection"]) == (".terraform-local", "false")


def test_evaluating_twice_changes_nothing(settings: Settings) -> None:
    once = evaluated(environment.shell_lines(settings, dict(os.environ), lambda text: None), **os.environ)
    assert evaluated(environment.shell_lines(settings, once, lambda text: None), **once) == once


def test_while_local_aws_is_down_databases_are_left_out_and_it_is_said(settings: Settings) -> None:
    said: list[str] = []
    caller = {"PATH": os.environ["PATH"], "MYSQL_URL": "mysql://of-yesterday", "STOREFRONT_URL": "http://of-yesterday"}

    after = evaluated(environment.shell_lines(settings, caller, said.append), **caller)

    assert not {"MYSQL_URL", "STOREFRONT_URL"} & after.keys()
    assert any("local AWS is not running" in text for text in said)


@mock_aws
def test_what_is_deployed_by_now_is_named_and_nothing_else() -> None:
    ssm = boto3.client("ssm", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
    assert environment.fact_variables(ssm) == {}

    ssm.put_parameter(Name="/retail/storefront/url", Value="http://127.0.0.1:8080", Type="String")
    ssm.put_parameter(Name="/retail/storefront/session_secret_arn", Value="arn:secret", Type="String")

    assert environment.fact_variables(ssm) == {"STOREFRONT_URL": "http://127.0.0.1:8080"}
