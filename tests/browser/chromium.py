"""A real Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright


class NoBrowser(Exception):  # noqa: N818 - says what is the case
    """There is no Chromium on this machine."""


def chromium() -> str:
    """The browser's path: CHROMIUM, or the first on PATH. Raises NoBrowser."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser("no Chromium on PATH: install it with your system's packages, or point CHROMIUM at one")
    return found


def require_chromium() -> None:
    """Fail under CI, skip elsewhere, when there is none."""
    try:
        chromium()
    except NoBrowser as absent:
        pytest.fail(str(absent)) if os.environ.get("CI") == "true" else pytest.skip(str(absent))


@contextmanager
def running_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root; the pages are our own, on this machine.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()
