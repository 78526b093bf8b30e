"""The dashboard as its users open it: Voilà on a port of its own, and a real Chromium."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from chromium import running_chromium
from playwright.sync_api import Page

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOK = CHECKOUT / "batch-etl-pipeline" / "notebooks" / "dashboard.ipynb"
START_SECONDS, RENDER_MILLISECONDS = 60, 120_000


@contextmanager
def dashboard_app(environment: Mapping[str, str], log: IO[bytes] | int = subprocess.DEVNULL) -> Iterator[str]:
    """Voilà with the dashboard, as `make dashboard` starts it but without opening a browser; yields its URL."""
    port = _free_port()
    command = [sys.executable, "-m", "voila", NOTEBOOK, "--Voila.ip=127.0.0.1", f"--port={port}", "--no-browser"]
    process = subprocess.Popen(command, env=dict(environment), cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def opened(url: str, width: int = 1400, height: int = 1000) -> Iterator[Page]:
    """The page in a headless Chromium, once its first picture is drawn."""
    with running_chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(url, timeout=RENDER_MILLISECONDS)
        page.wait_for_selector("img[alt^='Revenue']", timeout=RENDER_MILLISECONDS)
        yield page


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"voila ended with {process.returncode}")
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError(f"voila did not answer within {START_SECONDS} s")
