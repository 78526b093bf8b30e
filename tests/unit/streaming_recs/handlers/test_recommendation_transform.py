"""Firehose's transformation: every record back once, the bad ones kept aside with the reason."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from serving_world import Serving, browse, raw
from streaming_recs.handlers import recommendation_transform


@pytest.fixture
def stream(serving: Serving) -> Serving:
    serving.publish()
    return serving


def document(record: dict[str, Any]) -> dict[str, Any]:
    assert record["result"] == "Ok"
    assert record["data"].endswith(b"\n")
    return dict(json.loads(record["data"]))


def test_an_event_is_delivered_with_recommendations_and_similar_items(stream: Serving) -> None:
    event = browse("A0000001", "A0000002")
    [record] = stream.transform(raw(event))
    delivered = document(record)
    assert {name: delivered[name] for name in event} == event
    assert len(delivered["recommended_items"]) == 20
    assert set(delivered["recommended_items"][0]) == {"product_code", "score", "reason"}
    assert [one["product_code"] for one in delivered["similar_items"]] == ["A0000002", "A0000001"]
    assert set(delivered["similar_items"][0]["items"][0]) == {"product_code", "score"}
    assert (delivered["path"], delivered["model_version"]) == ("fold_in", "v1")


def test_the_stream_and_the_api_give_the_same_list(stream: Serving) -> None:
    [record] = stream.transform(raw(browse("A0000001", customer_number=101)))
    _, answer = stream.post("/items_from_user", {"customer_number": 101, "browse_history": ["A0000001"]}, limit=20)
    assert [item["product_code"] for item in document(record)["recommended_items"]] == [
        item["product_code"] for item in answer["items"]
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "location_prior"),
        ({"city": None, "country": None}, "popular"),
        ({"city": "Nowhere", "country": "Atlantis"}, "popular"),
        ({"customer_number": 100}, "trained_user"),
        ({"customer_number": None, "city": None, "country": None, "credit_limit": None}, "popular"),
    ],
)
def test_an_empty_history_gets_what_its_place_or_everybody_likes(
    stream: Serving, changes: dict[str, Any], path: str
) -> None:
    delivered = document(stream.transform(raw(browse(**changes)))[0])
    assert (delivered["path"], len(delivered["recommended_items"]), delivered["similar_items"]) == (path, 20, [])


BAD = [
    (b"{not json", "JSON"),
    (b"", "JSON"),
    (b"\xff\xfe", "JSON"),
    (b"[]", "object"),
    (b"null", "object"),
    (raw(browse(schema_version=2)), "schema_version"),
    (raw(browse(event_id="")), "event_id"),
    (raw(browse(event_id=None)), "event_id"),
    (raw(browse(session_id="x" * 129)), "session_id"),
    (raw(browse(event_time="yesterday")), "event_time"),
    (raw(browse(event_time=1732190400)), "event_time"),
    (raw(browse(event_time="2026-11-21T12:00:00")), "event_time"),
    (raw(browse(customer_number=2**63)), "customer_number"),
    (raw(browse(customer_number=-1)), "customer_number"),
    (raw(browse(credit_limit=float("nan"))), "credit_limit"),
    (raw(browse(browse_history=[{"product_code": "A", "quantity": -3}])), "browse_history[0].quantity"),
    (raw(browse(browse_history=[{"product_code": "A", "quantity": 10**30}])), "browse_history[0].quantity"),
    (raw(browse(browse_history=[{"product_code": "A"}, {}])), "browse_history[1].product_code"),
    (raw(browse(city="a\x00b")), "city"),
    (b'{"schema_version":1,"event_id":"\\ud800"}', ""),
]


@pytest.mark.parametrize(("record", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_record_is_kept_whole_with_its_reason_and_healthy_ones_pass(
    stream: Serving, record: bytes, reason: str
) -> None:
    results = stream.transform(raw(browse("A0000001")), record, raw(browse("A0000002")))
    assert [one["result"] for one in results] == ["Ok", "ProcessingFailed", "Ok"]
    assert results[1]["data"] == record
    [(key, content)] = stream.objects("quarantine/browse_events/").items()
    assert key.endswith("/invocation.jsonl")
    [line] = [json.loads(line) for line in content.splitlines()]
    assert base64.b64decode(line["raw_base64"]) == record
    assert reason in line["reason"]


def test_products_that_nobody_knows_are_delivered_and_not_counted(stream: Serving) -> None:
    delivered = document(stream.transform(raw(browse("none such", "A0000001")))[0])
    assert delivered["path"] == "fold_in"
    assert [one["product_code"] for one in delivered["similar_items"]] == ["A0000001"]


@pytest.mark.parametrize("name", ["event_id", "session_id", "city", "country"])
def test_sql_in_a_string_stays_a_string(stream: Serving, name: str) -> None:
    text = "'); DROP TABLE recent_interactions; --"
    event = browse("A0000001", text, **{name: text})
    assert document(stream.transform(raw(event))[0])[name] == text
    assert stream.remember(raw(event)) == []
    assert [row[1] for row in stream.recent()] == [text, "A0000001"]


def test_a_large_batch_is_one_exchange_and_fits_lambdas_answer(stream: Serving) -> None:
    """Ten histories of ten thousand items, echoed, exceed 6 MB: the longest go without similar items, none is lost."""
    long = [raw(browse(*[f"A{n % 60:07d}" for n in range(10_000)], event_id=str(k))) for k in range(7)]
    results = stream.transform(*long, raw(browse("A0000001")))
    kept = [one for one in results if one["result"] == "Ok"]
    lost = [one for one in results if one["result"] == "ProcessingFailed"]
    assert kept
    assert document(results[-1])["recommended_items"]
    quarantined = b"".join(stream.objects("quarantine/").values()).splitlines()
    assert len(quarantined) == len(lost)
    assert {base64.b64decode(json.loads(line)["raw_base64"]) for line in quarantined} == {one["data"] for one in lost}


def test_without_a_model_events_are_delivered_all_the_same(serving: Serving) -> None:
    delivered = document(serving.transform(raw(browse("A0000001")))[0])
    assert (delivered["recommended_items"], delivered["path"], delivered["model_version"]) == ([], "none", None)


def test_when_the_quarantine_cannot_be_written_firehose_still_gets_the_record(
    stream: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARANTINE_PREFIX", "q")
    monkeypatch.setattr(recommendation_transform.quarantine(), "_bucket", "no-such-bucket")
    assert [one["result"] for one in stream.transform(b"bad", raw(browse("A0000001")))] == ["ProcessingFailed", "Ok"]
