"""The catalogue that a process holds: there before its first visitor, and in nobody's way when it cannot be read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from storefront.services import catalogue
from storefront.services.catalogue import Shelves
from storefront.shop import Shop


class SlowDatabase:
    """The shop's own, behind a door that opens after a moment or when it is told to."""

    def __init__(self, shop: Shop, seconds: float) -> None:
        self.shop, self.seconds, self.opened = shop, seconds, threading.Event()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self.opened.wait(self.seconds)
        with self.shop.database.transaction() as connection:
            yield connection


def test_who_comes_first_finds_the_catalogue(shop: Shop) -> None:
    shelves = Shelves(SlowDatabase(shop, 0.5), shop.metrics, seconds=60)  # type: ignore[arg-type]
    shelves.start()
    try:
        assert shelves.catalogue.products == shop.catalogue.products
    finally:
        shelves.stop()


def test_a_database_that_does_not_answer_keeps_no_shop_closed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "FIRST_SECONDS", 0.05)
    database = SlowDatabase(shop, 60)
    shelves = Shelves(database, shop.metrics, seconds=60)  # type: ignore[arg-type]
    shelves.start()
    assert not shelves.catalogue.known
    database.opened.set()
    shelves.stop()
    assert shelves.catalogue.known
