"""Verified downloads: several at once, resumed where they were cut, shown as one progress display on stderr."""

from __future__ import annotations

import hashlib
import http.client
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

AT_ONCE = 4
ATTEMPTS = 5
TIMEOUT_SECONDS = 30
CHUNK = 1 << 20

Advance = Callable[[int], None]


class DownloadError(Exception):
    """A file could not be fetched or is not what it should be; the message says what to do."""


@dataclass(frozen=True)
class RemoteFile:
    url: str
    target: Path
    sha256: str
    size: int = 0
    instead: str = "name a mirror of Maven Central in MAVEN_REPO_URL"


def fetch_all(files: Sequence[RemoteFile]) -> None:
    """Bring every file to its target. What is there already (put there by hand, say) is verified, not fetched."""
    missing = [file for file in files if not file.target.exists()]
    for file in files:
        if file.target.exists():
            _verify(file, file.target)
    if not missing:
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    # A log file has no width of its own: names and figures must not wrap there.
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 120)
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(AT_ONCE) as pool:
        tasks = {file: progress.add_task(file.target.name, total=file.size or None) for file in missing}
        done = [
            pool.submit(fetch, file, lambda total, task=tasks[file]: progress.update(task, completed=total))  # type: ignore[misc]
            for file in missing
        ]
        for future in done:
            future.result()


def fetch(file: RemoteFile, advance: Advance = lambda total: None) -> None:
    """One file: continue a part left by an earlier attempt, verify, move into place."""
    file.target.parent.mkdir(parents=True, exist_ok=True)
    part = file.target.with_name(file.target.name + ".part")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _continue(file, part, advance)
            break
        except urllib.error.HTTPError as error:
            if error.code < 500 or attempt == ATTEMPTS:
                raise DownloadError(f"{file.url} answers {error.code} {error.reason}. {_remedy(file)}") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS:
                raise DownloadError(f"{file.url} cannot be fetched ({_reason(error)}). {_remedy(file)}") from error
        time.sleep(min(2.0**attempt, 10) / 4)
    _verify(file, part)
    part.replace(file.target)


def _continue(file: RemoteFile, part: Path, advance: Advance) -> None:
    have = part.stat().st_size if part.exists() else 0
    if file.size and have == file.size:
        return
    if file.size and have > file.size:
        part.unlink()
        have = 0
    request = urllib.request.Request(file.url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - URLs of toolchain.toml
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        with part.open("ab" if resumed else "wb") as out:
            total = have if resumed else 0
            while chunk := answer.read(CHUNK):
                out.write(chunk)
                total += len(chunk)
                advance(total)
    if file.size and total < file.size:
        raise ConnectionError(f"the connection ended after {total} of {file.size} bytes")


def _verify(file: RemoteFile, part: Path) -> None:
    with part.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.sha256:
        part.unlink()
        raise DownloadError(
            f"{file.target.name} from {file.url} has SHA-256 {found}, not {file.sha256}: it is not the file that was "
            "pinned, so it was deleted. Run the command again; if it stays so, a proxy or mirror alters it."
        )


def _reason(error: BaseException) -> str:
    return str(getattr(error, "reason", None) or error) or type(error).__name__


def _remedy(file: RemoteFile) -> str:
    return (
        "Check the network (HTTPS_PROXY behind a proxy, SSL_CERT_FILE for its certificate) and run the same command "
        f"again: it continues where it stopped. Or put the file at {file.target} yourself, or {file.instead}."
    )
