"""The simulation's visitor in the shop as an instance runs it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from batch_etl.simulation.shop import OrderRefused, Shop
from live_shop import live_shop
from shop_world import SourceServer


@pytest.fixture
def shop(source: SourceServer, tmp_path: Path) -> Iterator[Shop]:
    with live_shop(source, tmp_path) as running:
        yield Shop.at(running.url)


def test_a_visitor_buys_what_the_shop_lists_and_a_form_sent_twice_is_one_order(
    shop: Shop, source: SourceServer
) -> None:
    assert {one.code: (one.price, one.stock) for one in shop.goods} == {
        "S10_1": (Decimal("99.90"), 100), "S10_2": (Decimal("120.00"), 7), "S18_3": (Decimal("70.10"), 0),
    }  # fmt: skip
    assert sorted(shop.customers) == [103, 112]
    with shop.visit() as visitor:
        visitor.sign_in(112)
        visitor.look_at("S10_1")
        visitor.put_into_cart("S10_1", 3)
        visitor.put_into_cart("S10_2", 1)
        number, total = visitor.check_out(forms=2)
        assert total == Decimal("419.70")
        visitor.look_at("S10_2")
        visitor.put_into_cart("S10_2", 7)
        with pytest.raises(OrderRefused):
            visitor.check_out()
        visitor.empty_cart({"S10_2": 7})
        visitor.look_at("S10_1")
        visitor.put_into_cart("S10_1", 1)
        following, _ = visitor.check_out()
    assert following == number + 1, "the refused order left no number"
