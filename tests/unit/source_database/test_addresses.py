"""Where the source is taken from, and in which order."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from source_database.addresses import find_source
from source_database.connection import Login
from source_database.errors import AddressUnknownError


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="us-east-1")


@pytest.fixture
def provisioned(aws):
    """What Terraform leaves behind: an admin secret and SSM parameters."""
    value = json.dumps({"username": "retail_admin", "password": "first"})
    arn = aws("secretsmanager").create_secret(Name="rds!db", SecretString=value)["ARN"]
    facts = {"endpoint": "db.rds.example", "port": "3306", "database": "classicmodels", "admin_secret_arn": arn}
    for name, fact in facts.items():
        aws("ssm").put_parameter(Name=f"/retail/source/{name}", Value=fact, Type="String")
    return aws


@pytest.fixture
def option_file(tmp_path) -> Path:
    path = tmp_path / "my.cnf"
    path.write_text("[client]\nuser = ana\npassword = 'p%ss#word'\nssl_ca = /ca.pem\n")
    return path


def test_a_url_says_everything():
    source = find_source("mysql://ana:p%40ss@db.example:3307/shop?ssl-ca=/my/ca.pem", environment={})
    assert (source.address.host, source.address.port, source.address.database) == ("db.example", 3307, "shop")
    assert source.address.ca == Path("/my/ca.pem")
    assert source.address.encrypted
    assert source.read_login() == Login("ana", "p@ss")


def test_an_external_database_comes_before_the_provisioned_one(provisioned):
    source = find_source(environment={"EXTERNAL_MYSQL_URL": "mysql://me:mine@own.example/shop"}, aws=provisioned)
    assert source.address.host == "own.example"


def test_tls_is_left_out_only_when_the_url_says_so():
    assert not find_source("mysql://a:b@h/d?ssl-mode=disabled", environment={}).address.encrypted


def test_what_terraform_wrote_leads_to_the_database(provisioned):
    source = find_source(environment={}, aws=provisioned)
    assert (source.address.host, source.address.port) == ("db.rds.example", 3306)
    assert source.read_login() == Login("retail_admin", "first")


def test_a_tunnel_changes_host_and_port_but_not_the_name_that_the_certificate_must_carry(provisioned):
    source = find_source(environment={"MYSQL_URL": "mysql://127.0.0.1:13306/classicmodels"}, aws=provisioned)
    assert (source.address.host, source.address.port) == ("127.0.0.1", 13306)
    assert source.address.tls_name == "db.rds.example"


def test_a_rotated_password_is_read_anew(provisioned):
    source = find_source(environment={}, aws=provisioned)
    rotated = json.dumps({"username": "retail_admin", "password": "second"})
    provisioned("secretsmanager").put_secret_value(SecretId="rds!db", SecretString=rotated)
    assert source.read_login().password == "second"


def test_without_aws_the_option_file_says_who(aws, option_file):
    environment = {"MYSQL_URL": "mysql://127.0.0.1:3306/classicmodels", "MYSQL_CNF": str(option_file)}
    source = find_source(environment=environment, aws=aws)
    assert source.read_login() == Login("ana", "p%ss#word")
    assert source.address.ca == Path("/ca.pem")


def test_nowhere_is_an_error_that_says_what_to_do(aws):
    with pytest.raises(AddressUnknownError, match=r"/retail/source/endpoint.*make env.*--url"):
        find_source(environment={}, aws=aws)


def test_what_is_no_url_is_refused_without_showing_its_password():
    with pytest.raises(AddressUnknownError) as refused:
        find_source("postgres://me:secret@h/d", environment={})
    assert "secret" not in str(refused.value)


def test_a_login_never_shows_its_password():
    assert "hush" not in repr(Login("ana", "hush"))
