"""What the generator makes: true to the catalogue, the same for the same event, never the same for two."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from batch_etl.errors import ApiUnavailable, CatalogueUnavailable, FeedEventRefused
from batch_etl.quality.feed import judge
from batch_etl.sources.feed.catalogue import Product, Shop
from batch_etl.sources.feed.generation import generate
from batch_etl.sources.feed.sales import Moment, Sales, demand
from batch_etl.sources.feed.settings import CatalogueSettings, GeneratorSettings
from feed_world import LANDING, PRODUCTS

EVENT = {"id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "time": "2026-03-02T10:05:00Z", "detail-type": "Scheduled Event"}
SETTINGS = GeneratorSettings(CatalogueSettings(LANDING, "http://shop"), Sales())
AT = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)


@pytest.fixture
def made(feed):
    def call(event, request_id="request-1"):
        return generate(event, request_id, SETTINGS, feed.shop, feed.landing)

    return call


def content(feed, key):
    return json.loads(feed.s3.get_object(Bucket=LANDING, Key=key)["Body"].read())


def test_all_of_it_is_good_and_of_the_catalogue(feed, made):
    sold = content(feed, made(EVENT)["key"])
    judged = judge(sold, [product.code for product in PRODUCTS], pd.Timestamp(AT))
    assert len(judged.rows) == len(sold) > 0
    names = {product.code: (product.name, product.category) for product in PRODUCTS}
    assert all((one["product_name"], one["category"]) == names[one["product_id"]] for one in sold)
    assert all(Decimal(one["price"]) * one["quantity"] == Decimal(one["total_amount"]) for one in sold)
    assert all(type(one["price"]) is str and type(one["total_amount"]) is str for one in sold)


def test_they_were_sold_in_the_five_minutes_before_and_lie_in_order(feed, made):
    sold = content(feed, made(EVENT)["key"])
    moments = [datetime.fromisoformat(one["timestamp"]) for one in sold]
    assert moments == sorted(moments)
    assert AT - timedelta(minutes=5) <= moments[0]
    assert moments[-1] < AT


def test_an_event_that_comes_twice_makes_one_file(feed, made):
    first = made(EVENT)
    before = feed.files("transactions/raw/", LANDING)
    feed.products.append(Product("S72_3212", "Pont Yacht", "Ships", Decimal("54.60")))
    again = made(EVENT)
    assert first == {
        "bucket": LANDING,
        "key": f"transactions/raw/dt=2026-03-02/100500-{EVENT['id']}.json",
        "transactions": first["transactions"],
        "written": True,
    }
    assert (again["key"], again["written"]) == (first["key"], False)
    assert feed.files("transactions/raw/", LANDING) == before


def test_forty_calls_in_one_second_make_forty_files_and_no_id_twice(feed, made):
    keys = {made({"time": EVENT["time"]}, f"request-{n}")["key"] for n in range(40)}
    assert len(keys) == 40
    ids = Counter(one["transaction_id"] for key in keys for one in content(feed, key))
    assert ids.most_common(1)[0][1] == 1


def test_the_seed_decides():
    moment = Moment("one", AT)
    assert Sales(seed=7).draw(moment, PRODUCTS) == Sales(seed=7).draw(moment, PRODUCTS)
    assert Sales(seed=7).draw(moment, PRODUCTS) != Sales(seed=8).draw(moment, PRODUCTS)
    assert Sales().draw(moment, PRODUCTS) != Sales().draw(Moment("two", AT), PRODUCTS)


def test_ids_sort_as_the_moments_do():
    ids = [one["transaction_id"] for one in Sales().draw(Moment("one", AT), PRODUCTS, 500)]
    assert [one[:10] for one in ids] == sorted(one[:10] for one in ids)
    assert {len(one) for one in ids} == {26}


def test_evenings_and_saturdays_sell_more():
    saturday_evening, monday_night = datetime(2026, 3, 7, 19, tzinfo=UTC), datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert demand(saturday_evening) > 10 * demand(monday_night)
    week = [demand(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)) for hour in range(168)]
    assert sum(week) / len(week) == pytest.approx(1)
    busy = [len(Sales().draw(Moment(str(n), saturday_evening), PRODUCTS)) for n in range(30)]
    quiet = [len(Sales().draw(Moment(str(n), monday_night), PRODUCTS)) for n in range(30)]
    assert min(busy) > max(quiet)


def test_a_call_may_ask_for_a_number(feed, made):
    assert made(EVENT | {"transactions": 321})["transactions"] == 321


@pytest.mark.parametrize("event", [{"transactions": 0}, {"transactions": "9"}, {"time": "noon"}, {"time": 5}])
def test_a_call_that_makes_no_sense_is_refused(feed, made, event):
    with pytest.raises(FeedEventRefused, match="Send"):
        made(event)
    assert feed.files("", LANDING).keys() <= {"transactions/catalogue/products.json"}


def silent():
    raise ApiUnavailable("http://shop was asked 3 times.")


def test_a_shop_that_was_never_there_is_said_so(feed):
    with pytest.raises(CatalogueUnavailable, match=r"retail load-source.*the next call tries again"):
        Shop(feed.s3, LANDING, silent).catalogue()


def test_a_shop_that_falls_silent_is_remembered(feed):
    feed.shop.catalogue()
    later = datetime.now(UTC) + timedelta(days=3)
    kept = Shop(feed.s3, LANDING, silent, now=lambda: later).catalogue()
    assert kept.listed() == sorted(PRODUCTS, key=lambda one: one.code)


def test_what_is_no_longer_listed_is_known_and_not_sold(feed):
    feed.shop.catalogue()
    feed.products.pop()
    later = datetime.now(UTC) + timedelta(minutes=16)
    renewed = Shop(feed.s3, LANDING, feed.shop.ask, now=lambda: later).catalogue()
    assert [product.code for product in renewed.listed()] == ["S10_1678", "S18_3232"]
    assert set(renewed.products) == {"S10_1678", "S18_3232", "S24_2840"}


def test_the_shop_is_not_asked_at_every_call(feed, made):
    for n in range(5):
        made(EVENT, f"request-{n}")
    assert feed.asked == 1
