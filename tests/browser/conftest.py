"""One browser for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import require_chromium, running_chromium
from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require_chromium()
    with running_chromium() as running:
        yield running
