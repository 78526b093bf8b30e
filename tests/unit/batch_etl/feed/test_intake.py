"""Raw files through to Parquet, DynamoDB and quarantine, however often and in whatever order they are told of."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from batch_etl.errors import FeedEventRefused, FeedFailed, FeedObjectMissing
from batch_etl.sources.feed import latest
from batch_etl.sources.feed.catalogue import Product
from batch_etl.sources.feed.objects import RawObject, objects_of
from batch_etl.sources.feed.replay import replay
from feed_world import LAKE, LANDING, PRODUCTS, sale, sums

DAYS = ("2026-03-01", "2026-03-02")


def by_eventbridge(found: RawObject) -> dict:
    return {"detail": {"bucket": {"name": found.bucket}, "object": {"key": found.key, "version-id": found.version}}}


def test_a_file_arrives_everywhere(feed):
    raw = [sale(1, "2026-03-01T23:59:59.500Z"), sale(2), sale(3, quantity=1, price="35.36", total_amount="35.36")]
    assert feed.take(raw) == {"read": 3, "good": 3, "repeated": 0, "quarantined": 0}
    rows = feed.rows()
    assert {row["transaction_id"] for row in rows} == {"T0001", "T0002", "T0003"}
    assert sum(row["total_amount"] for row in rows) == sum(Decimal(one["total_amount"]) for one in raw)
    assert feed.totals(*DAYS) == sums(rows)
    assert {folder.rsplit("/", 1)[0] for folder in feed.files("silver/")} == {
        "silver/transactions/dt=2026-03-01",
        "silver/transactions/dt=2026-03-02",
    }


def test_the_latest_of_a_day_come_first(feed):
    feed.take([sale(1, "2026-03-02T09:00:00Z"), sale(2, "2026-03-02T11:00:00Z"), sale(3, "2026-03-02T10:00:00Z")])
    shown = feed.latest.of_day("2026-03-02", most=2)
    assert [one["transaction_id"] for one in shown] == ["T0002", "T0003"]
    assert shown[0]["total_amount"] == Decimal("191.40")
    assert shown[0]["expires_at"] > datetime.now(UTC).timestamp()


def test_what_is_told_twice_changes_nothing(feed):
    found = feed.land([sale(1), sale(2, price="x")])
    first = feed.intake.take(found)
    before = (feed.files(""), feed.totals(*DAYS))
    assert feed.intake.take(found) == first
    assert (feed.files(""), feed.totals(*DAYS)) == before


@pytest.mark.parametrize("step", ["_claim", "claim", "finish", "add", "keep"])
def test_a_call_that_died_anywhere_is_done_again_whole(feed, monkeypatch, step):
    """After each step its effect stands and the call is dead; EventBridge sends the event again."""
    monkeypatch.setattr(latest, "AT_ONCE", 5)  # so that few rows are many transactions, some of them done
    found = feed.land([sale(n, f"2026-03-0{1 + n % 2}T10:00:00Z") for n in range(24)] + [sale(900, price="x")])
    owner = {
        "_claim": feed.latest,
        "claim": feed.latest,
        "finish": feed.latest,
        "add": feed.table,
        "keep": feed.intake.quarantine,
    }[step]
    real = getattr(type(owner), step)

    def dies_after(*arguments):
        real(*arguments)
        raise ConnectionError("killed")

    with monkeypatch.context() as dying:
        dying.setattr(type(owner), step, dies_after)
        with pytest.raises(ConnectionError):
            feed.intake.take(found)
    assert feed.intake.take(found) == {"read": 25, "good": 24, "repeated": 0, "quarantined": 1}
    rows = feed.rows()
    assert len(rows) == 24
    assert feed.totals(*DAYS) == sums(rows)
    assert len(feed.quarantined()) == 1


def test_the_same_rows_in_another_file_count_once(feed):
    feed.take([sale(1), sale(2)], "a.json")
    assert feed.take([sale(2), sale(3)], "b.json") == {"read": 2, "good": 1, "repeated": 1, "quarantined": 0}
    assert sorted(row["transaction_id"] for row in feed.rows()) == ["T0001", "T0002", "T0003"]
    assert feed.totals(*DAYS)["2026-03-02"] == (3, 6, Decimal("574.20"))


def test_an_id_that_belongs_to_another_transaction_is_quarantined(feed):
    feed.take([sale(1)], "a.json")
    assert feed.take([sale(1, customer_id="C99999")], "b.json")["quarantined"] == 1
    assert [row["customer_id"] for row in feed.rows()] == ["C00001"]
    (line,) = feed.quarantined()
    assert line["reason"] == "transaction_id was used before for another transaction"


def test_a_file_that_was_overwritten_is_read_as_each_version_was(feed):
    first = feed.land([sale(1)])
    second = feed.land([sale(1), sale(2)])
    assert feed.intake.take(second)["good"] == 2
    assert feed.intake.take(first) == {"read": 1, "good": 0, "repeated": 1, "quarantined": 0}
    assert feed.totals(*DAYS) == sums(feed.rows()) | {"2026-03-01": (0, 0, Decimal(0))}


def test_an_event_without_a_version_means_the_latest(feed):
    found = feed.land([sale(1)])
    assert feed.intake.take(RawObject(found.bucket, found.key))["good"] == 1
    feed.intake.take(found)
    assert len(feed.rows()) == 1


def test_every_record_of_an_event_is_taken(feed):
    found = [feed.land([sale(n)], f"file {n}+.json") for n in range(3)]
    records = [
        {"s3": {"bucket": {"name": LANDING}, "object": {"key": key, "versionId": one.version}}}
        for one, key in zip(found, [one.key.replace(" ", "+").replace("+.", "%2B.") for one in found], strict=True)
    ]
    assert objects_of({"Records": records}, LANDING) == found
    assert feed.intake.take_all(objects_of({"Records": records}, LANDING))["good"] == 3
    wrapped = {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(by_eventbridge(one))} for one in found]}
    assert objects_of(wrapped, LANDING) == found


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": [{"sns": 1}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "{"}]},
        by_eventbridge(RawObject("other", "transactions/raw/a.json")),
        by_eventbridge(RawObject(LANDING, "store-files/../transactions/raw/a.json")),
    ],
    ids=["nothing", "unknown record", "damaged body", "another bucket", "another folder"],
)
def test_an_event_that_names_none_of_ours_is_refused(event):
    with pytest.raises(FeedEventRefused, match=r"Put the file there|Send what S3 sends"):
        objects_of(event, LANDING)


def test_one_file_that_fails_fails_the_call_after_the_others(feed):
    missing = RawObject(LANDING, "transactions/raw/gone.json")
    with pytest.raises(FeedObjectMissing, match=r"gone\.json was told of and is not there"):
        feed.intake.take_all([feed.land([sale(1)], "a.json"), missing, feed.land([sale(2)], "b.json")])
    assert len(feed.rows()) == 2
    with pytest.raises(FeedFailed, match="2 files failed"):
        feed.intake.take_all([missing, RawObject(LANDING, "transactions/raw/gone2.json")])


def test_quarantine_says_what_where_and_what_to_do(feed):
    found = feed.land([sale(1), sale(2, price="1,234.56")])
    feed.intake.take(found)
    (line,) = feed.quarantined()
    assert line.pop("raw") == json.dumps(sale(2, price="1,234.56"))
    assert line == {
        "source": str(found),
        "position": 2,
        "reason": "price is no amount such as 19.99",
        "field": "price",
        "remedy": "Correct it at its source and send the transaction again.",
        "is_record": True,
    }


def test_a_product_that_came_to_the_shop_meanwhile_is_asked_for(feed):
    feed.shop.catalogue()
    ship = Product("S72_3212", "Pont Yacht", "Ships", Decimal("54.60"))
    feed.products.append(ship)
    age(feed, timedelta(minutes=2))
    assert feed.take([sale(1, product_id="S72_3212")])["good"] == 1
    assert feed.asked == 2


def test_replay_brings_in_what_is_good_by_now(feed):
    feed.take([sale(1), sale(2, product_id="S72_3212"), sale(3, price="x")], "a.json")
    feed.take(b"no JSON", "b.json")
    feed.products.append(Product("S72_3212", "Pont Yacht", "Ships", Decimal("54.60")))
    age(feed, timedelta(hours=1))
    done = list(replay(feed.s3, LAKE, feed.landing))
    assert sorted((one.records, one.left) for one in done) == [(0, 1), (2, 0)]
    landed = next(one.raw_key for one in done if one.raw_key)
    assert feed.intake.take(RawObject(LANDING, landed))["good"] == 1
    assert {row["transaction_id"] for row in feed.rows()} == {"T0001", "T0002"}
    assert sorted(line["reason"] for line in feed.quarantined()) == [
        "is no JSON object",
        "price is no amount such as 19.99",
    ]


def age(feed, by: timedelta) -> None:
    """Let the kept catalogue be older."""
    key = "transactions/catalogue/products.json"
    kept = json.loads(feed.s3.get_object(Bucket=LANDING, Key=key)["Body"].read())
    kept["as_of"] = (datetime.fromisoformat(kept["as_of"]) - by).isoformat()
    feed.s3.put_object(Bucket=LANDING, Key=key, Body=json.dumps(kept))


def damaged(chance: random.Random, number: int) -> bytes:
    """A raw file of eight records, some of them bad, in one of many shapes, perhaps damaged as a whole."""
    faults = [
        {}, {}, {}, {}, {"transaction_id": None}, {"price": "-1.00"}, {"price": "free"}, {"price": "NaN"},
        {"quantity": 0}, {"product_id": "X"}, {"total_amount": "1.00"}, {"timestamp": "2026-02-30T00:00:00Z"},
        {"category": ["Ships"]}, {"transaction_id": "T0001"}, {"customer_id": "\x00"},
    ]  # fmt: skip
    records = [
        sale(100 * number + n, f"2026-03-0{chance.choice('12')}T10:00:00Z") | chance.choice(faults) for n in range(8)
    ]
    shape = chance.choice(["array", "lines", "object", "spread"])
    text = {
        "array": lambda: json.dumps(records),
        "lines": lambda: "\n".join(map(json.dumps, records)),
        "object": lambda: json.dumps({"transactions": [*records, None, 5]}),
        "spread": lambda: "[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n",
    }[shape]()
    body = text.encode(chance.choice(["utf-8", "utf-8-sig", "utf-16"]))
    match chance.randrange(5):
        case 0:
            return body[: chance.randrange(len(body))]
        case 1:
            spot = chance.randrange(len(body))
            return body[:spot] + bytes([chance.randrange(256)]) + body[spot + 1 :]
    return body


def test_over_damaged_files_in_equals_good_and_bad_and_totals_agree(feed):
    """Forty files, each told of twice, out of order."""
    chance = random.Random(11)  # noqa: S311
    objects = [feed.land(damaged(chance, number), f"{number}.json") for number in range(40)]
    told = objects + objects
    chance.shuffle(told)
    counts = {found: feed.intake.take(found) for found in told}
    read = sum(one["read"] for one in counts.values())
    good, repeated, bad = (sum(one[name] for one in counts.values()) for name in ("good", "repeated", "quarantined"))
    assert read == good + repeated + bad
    assert min(good, repeated, bad) > 0
    rows = feed.rows()
    assert (len(rows), len(feed.quarantined())) == (good, bad)
    assert len({row["transaction_id"] for row in rows}) == good
    assert feed.totals(*DAYS) == sums(rows)
    assert {row["product_id"] for row in rows} <= {product.code for product in PRODUCTS}
