"""The local authority signs servers that clients can check, and keeps its key to itself."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from local_aws.certificates import Authority, ServerCertificate


def test_a_client_that_trusts_the_authority_accepts_its_servers_by_address_and_by_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    server = authority.issue(tmp_path / "server")
    for name in ("127.0.0.1", "localhost"):
        assert handshake(server, trusting=authority.certificate, name=name).startswith("TLSv1.")


def test_a_client_that_trusts_another_authority_refuses(tmp_path: Path) -> None:
    server = Authority(tmp_path / "ca").issue(tmp_path / "server")
    other = Authority(tmp_path / "other").ensure()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, trusting=other, name="127.0.0.1")


def test_a_certificate_is_kept_until_its_authority_changes(tmp_path: Path) -> None:
    first = Authority(tmp_path / "ca").issue(tmp_path / "server").certificate.read_bytes()
    assert Authority(tmp_path / "ca").issue(tmp_path / "server").certificate.read_bytes() == first
    assert Authority(tmp_path / "new").issue(tmp_path / "server").certificate.read_bytes() != first


def test_keys_are_private(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    server = authority.issue(tmp_path / "server")
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "ca" / "ca.key", server.key)] == [0o600, 0o600]


def handshake(server: ServerCertificate, *, trusting: Path, name: str) -> str:
    """The TLS version that a client and the server agree on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            context.wrap_socket(ours, server_side=True).close()
        except OSError:
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client = ssl.create_default_context(cafile=str(trusting))
        with client.wrap_socket(theirs, server_hostname=name) as connection:
            return str(connection.version())
    finally:
        theirs.close()
        thread.join()
