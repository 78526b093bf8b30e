"""Where the source database is: by a URL, by what Terraform wrote to SSM, or by the environment of `make env`."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from source_database.connection import Address, Login, Source
from source_database.errors import AddressUnknownError, SourceError
from source_database.schema import checkout

DATABASE = "classicmodels"


def find_source(
    url: str | None = None,
    project: str = "retail",
    environment: Mapping[str, str] | None = None,
    aws: Callable[[str], Any] | None = None,
) -> Source:
    """The source database as its admin, from the first of these that says where it is.

    1. `url`, or EXTERNAL_MYSQL_URL: mysql://user:password@host:port/database?ssl-ca=FILE
    2. the SSM parameters /<project>/source/* that Terraform wrote, and the admin secret that they name;
       MYSQL_URL then only says through which host and port (a tunnel) it is reached
    3. MYSQL_URL with the user and password of the option file MYSQL_CNF
    """
    environment = os.environ if environment is None else environment
    given = url or environment.get("EXTERNAL_MYSQL_URL")
    if given:
        return _from_url(given, environment)
    aws = aws or cache(boto3.client)
    try:
        return _from_parameters(project, environment, aws)
    except _NotOnAws as absent:
        if environment.get("MYSQL_URL") and environment.get("MYSQL_CNF"):
            return _from_url(environment["MYSQL_URL"], environment)
        raise AddressUnknownError(
            f"Nobody said where the source database is: {absent}.",
            "Apply app-infrastructure/terraform first, in a shell that did `make env`; or give "
            "--url mysql://user:password@host:port/database.",
        ) from absent


class _NotOnAws(Exception):  # noqa: N818 - never leaves this file
    """Parameters or secret are not there, or AWS cannot be asked."""


def _from_url(url: str, environment: Mapping[str, str]) -> Source:
    parts = urlsplit(url)
    if parts.scheme not in ("mysql", "mysql+pymysql", "mariadb") or not parts.hostname:
        raise AddressUnknownError(
            f"{_without_password(url)!r} is no MySQL URL.", "Write mysql://user:password@host:port/database."
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    options = option_file(environment)
    authority = query.get("ssl-ca")
    address = Address(
        host=parts.hostname,
        port=parts.port or 3306,
        database=unquote(parts.path.strip("/")) or options.get("database") or DATABASE,
        ca=Path(authority) if authority else _authority(environment),
        encrypted=query.get("ssl-mode", "").lower() != "disabled",
    )

    def read_login() -> Login:
        fresh = option_file(environment)
        user, password = unquote(parts.username or ""), parts.password
        return Login(user or fresh.get("user", ""), unquote(password) if password else fresh.get("password", ""))

    return Source(address, read_login)


def _from_parameters(project: str, environment: Mapping[str, str], aws: Callable[[str], Any]) -> Source:
    names = {name: f"/{project}/source/{name}" for name in ("endpoint", "port", "database", "admin_secret_arn")}
    try:
        found = aws("ssm").get_parameters(Names=list(names.values()))
    except (BotoCoreError, ClientError) as problem:
        raise _NotOnAws(f"SSM does not answer ({problem})") from problem
    values = {parameter["Name"].rsplit("/", 1)[1]: parameter["Value"] for parameter in found["Parameters"]}
    if missing := [path for name, path in names.items() if name not in values]:
        raise _NotOnAws(f"SSM has no parameter {', '.join(missing)}")
    endpoint = values["endpoint"].partition(":")[0]
    through = urlsplit(environment.get("MYSQL_URL", ""))
    address = Address(
        host=through.hostname or endpoint,
        port=through.port or int(values["port"]),
        database=values["database"],
        ca=_authority(environment),
        tls_name=endpoint,
    )
    return Source(address, lambda: secret_login(aws("secretsmanager"), values["admin_secret_arn"]))


def secret_login(secrets: Any, secret_id: str) -> Login:
    """User and password as the secret holds them now."""
    try:
        held = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
        return Login(held["username"], held["password"])
    except (BotoCoreError, ClientError, KeyError, ValueError) as problem:
        raise SourceError(
            f"The secret {secret_id} cannot be read ({type(problem).__name__}: {problem}).",
            "It needs secretsmanager:GetSecretValue (and kms:Decrypt) and a JSON value with username and password.",
        ) from problem


def option_file(environment: Mapping[str, str]) -> dict[str, str]:
    """The [client] section of the option file MYSQL_CNF (what the mysql client reads), {} when none is named."""
    path = environment.get("MYSQL_CNF")
    if not path:
        return {}
    parser = configparser.ConfigParser(interpolation=None, allow_no_value=True, strict=False)
    try:
        parser.read_string(Path(path).read_text(encoding="utf-8"))
    except (OSError, configparser.Error) as problem:
        raise AddressUnknownError(
            f"The option file {path} (MYSQL_CNF) cannot be read: {problem}.", 'Run `eval "$(make -s env)"` again.'
        ) from problem
    section = parser["client"] if parser.has_section("client") else {}
    return {name.replace("_", "-"): (value or "").strip("\"'") for name, value in section.items()}


def _authority(environment: Mapping[str, str]) -> Path | None:
    """The CA bundle: SOURCE_CA_BUNDLE, then ssl-ca of the option file, then the one that `make package` made."""
    named = environment.get("SOURCE_CA_BUNDLE") or option_file(environment).get("ssl-ca")
    if named:
        return Path(named)
    packaged = checkout() / "build" / "ca" / "source-ca.pem"
    return packaged if packaged.is_file() else None


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"…{at}{tail}" if head else url
