"""Downloads are verified, continue where they were cut, and say what to do when they fail."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from local_aws import download
from local_aws.download import DownloadError, RemoteFile, fetch, fetch_all

CONTENT = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Mirror:
    """A web server that can cut answers short; `ranges` are the Range headers that it saw."""

    url: str = ""
    cut_after: list[int] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    status: int = 200


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    state = Mirror()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.ranges.append(wanted)
            if state.status != 200:
                self.send_error(state.status)
                return
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
            body = CONTENT[start:]
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cut_after.pop(0)] if state.cut_after else body)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/engine.zip"
    yield state
    server.shutdown()


def wanted(mirror: Mirror, folder: Path, sha256: str = DIGEST) -> RemoteFile:
    return RemoteFile(mirror.url, folder / "engine.zip", sha256, len(CONTENT))


def test_a_file_arrives_whole(mirror: Mirror, tmp_path: Path) -> None:
    fetch_all([wanted(mirror, tmp_path)])
    assert (tmp_path / "engine.zip").read_bytes() == CONTENT


def test_a_cut_download_continues_where_it_stopped(mirror: Mirror, tmp_path: Path) -> None:
    mirror.cut_after = [1000, 500]

    fetch(wanted(mirror, tmp_path))

    assert (tmp_path / "engine.zip").read_bytes() == CONTENT
    assert mirror.ranges == [None, "bytes=1000-", "bytes=1500-"]


def test_the_part_that_an_earlier_run_left_is_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "engine.zip.part").write_bytes(CONTENT[:5000])

    fetch(wanted(mirror, tmp_path))

    assert mirror.ranges == ["bytes=5000-"]
    assert (tmp_path / "engine.zip").read_bytes() == CONTENT


def test_a_file_with_another_checksum_is_refused_and_deleted(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"not the file that was pinned, so it was deleted\. Run the command"):
        fetch(wanted(mirror, tmp_path, sha256="0" * 64))
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_an_error_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    nowhere = RemoteFile("http://127.0.0.1:9/engine.zip", tmp_path / "engine.zip", DIGEST)
    with pytest.raises(DownloadError, match=r"cannot be fetched .*HTTPS_PROXY.*continues where it stopped"):
        fetch(nowhere)


def test_a_mirror_without_the_file_is_not_asked_twice(mirror: Mirror, tmp_path: Path) -> None:
    mirror.status = 404
    with pytest.raises(DownloadError, match="answers 404"):
        fetch(wanted(mirror, tmp_path))
    assert len(mirror.ranges) == 1


def test_what_a_user_put_there_is_verified_and_not_fetched(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "engine.zip").write_bytes(CONTENT)
    fetch_all([wanted(mirror, tmp_path)])
    assert mirror.ranges == []

    (tmp_path / "engine.zip").write_bytes(b"something else")
    with pytest.raises(DownloadError, match="not the file that was pinned"):
        fetch_all([wanted(mirror, tmp_path)])
