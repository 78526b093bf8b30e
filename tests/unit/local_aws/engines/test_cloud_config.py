"""User data: what an instance's cloud-config becomes in the instance's own folder."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest
from local_aws.engines.cloud_config import CloudConfig, CloudConfigError, Paths, WrittenFile, parse

PATHS = Paths(Path("/tmp/state/i-1"))
ROOT = "/tmp/state/i-1/root"


def config(text: str) -> CloudConfig:
    return parse(f"#cloud-config\n{text}".encode(), PATHS)


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("mkdir -p /opt/shop /var/lib/shop", f"mkdir -p {ROOT}/opt/shop {ROOT}/var/lib/shop"),
        ("aws s3 cp s3://bucket/opt/x.whl /opt/", f"aws s3 cp s3://bucket/opt/x.whl {ROOT}/opt/"),
        ("X=/etc/shop:/usr/local/bin", f"X={ROOT}/etc/shop:{ROOT}/usr/local/bin"),
        ("curl http://127.0.0.1:8000/opt/x", "curl http://127.0.0.1:8000/opt/x"),
        ("cat /dev/null /proc/cpuinfo", "cat /dev/null /proc/cpuinfo"),
        ("/usr/bin/python3.11 -m venv /opt/venv", f"/tmp/state/i-1/bin/python3.11 -m venv {ROOT}/opt/venv"),
        ("/opt/venv/bin/python3 -V", f"{ROOT}/opt/venv/bin/python3 -V"),
        ("ls ./opt/x a/etc/b", "ls ./opt/x a/etc/b"),
        ("/optional/x", "/optional/x"),
    ],
)
def test_absolute_paths_are_the_instances_own(text: str, mapped: str) -> None:
    assert PATHS.mapped(text) == mapped


def test_what_is_mapped_stays_as_it_is() -> None:
    once = PATHS.mapped('PATH="/opt/shop/bin:/usr/bin" /usr/bin/aws s3 sync s3://b /opt/shop')
    assert PATHS.mapped(once) == once


def test_a_cloud_config_is_files_packages_and_commands() -> None:
    found = config(
        """
package_update: true
packages: [python3.11, [unzip, 6.0]]
write_files:
  - path: /etc/shop/env
    permissions: '0600'
    content: |
      CACHE=/var/cache/shop
runcmd:
  - systemctl enable --now shop
  - [sh, -c, "echo 'a b' > /opt/x"]
"""
    )
    assert found == CloudConfig(
        files=(WrittenFile(Path(f"{ROOT}/etc/shop/env"), f"CACHE={ROOT}/var/cache/shop\n".encode(), 0o600),),
        packages=("python3.11", "unzip"),
        runcmd=("systemctl enable --now shop", f"""sh -c 'echo '"'"'a b'"'"' > {ROOT}/opt/x'"""),
        without_effect=("package_update",),
    )


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [("b64", base64.b64encode(b"hello")), ("gz+b64", base64.b64encode(gzip.compress(b"hello")))],
)
def test_contents_may_be_encoded(encoding: str, raw: bytes) -> None:
    found = config(f"write_files: [{{path: /etc/x, encoding: {encoding}, content: {raw.decode()}}}]")
    assert found.files[0].content == b"hello"


def test_a_script_is_one_command() -> None:
    assert parse(b"#!/bin/sh\ntouch /opt/x\n", PATHS).runcmd == (f"#!/bin/sh\ntouch {ROOT}/opt/x\n",)


@pytest.mark.parametrize(
    ("text", "named"),
    [("ntp: {enabled: true}", "ntp"), ("write_files: [{path: /dev/x}]", "/dev/x"), ("a: [", "not YAML")],
)
def test_what_cannot_be_done_is_named(text: str, named: str) -> None:
    with pytest.raises(CloudConfigError, match=named):
        config(text)


def test_user_data_of_another_kind_is_refused() -> None:
    with pytest.raises(CloudConfigError, match="must start with #cloud-config"):
        parse(b"Content-Type: multipart/mixed", PATHS)


def test_a_path_may_not_leave_the_instance() -> None:
    with pytest.raises(CloudConfigError, match="outside the folders"):
        PATHS.file("/opt/../../../etc/passwd")
