"""retail-api-fetch against a real HTTP server that fails and lies: every page is stored, the cursor tells the truth."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from batch_etl.errors import ApiCursorRefused, ApiLies, ApiRefused, ApiUnavailable
from batch_etl.sources.api.client import Budget, Patience
from batch_etl.sources.api.cursor import CursorStore, WalkOvertaken
from batch_etl.sources.api.fetch import AwsClients, fetch
from batch_etl.sources.api.fields import Fields
from batch_etl.sources.api.settings import ApiSettings, Endpoint
from lying_api import TOKEN, LyingApi, order, serving

NOON = datetime(2026, 5, 21, 12, tzinfo=UTC)
QUICK = Patience(answer=2.0, tries=4, first_wait=0.01, longest_wait=0.02)


class World:
    """The API, an AWS of moto's, and the function's work between them."""

    def __init__(self, api, aws):
        self.api = api
        self.s3, dynamodb, secrets = aws.client("s3"), aws.client("dynamodb"), aws.client("secretsmanager")
        for bucket in ("landing", "lake"):
            self.s3.create_bucket(Bucket=bucket)
        dynamodb.create_table(
            TableName="cursors",
            KeySchema=[{"AttributeName": "source", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "source", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.secrets = secrets
        self.secret = secrets.create_secret(Name="api", SecretString=json.dumps({"api_token": TOKEN}))["ARN"]
        self.clients = AwsClients(self.s3, dynamodb, secrets)
        self.store = CursorStore(dynamodb, "cursors", "transactions")
        self.now = NOON

    def fetch(self, seconds=60.0, full=False, patience=QUICK, **endpoint):
        settings = ApiSettings(
            Endpoint(**{"url": self.api.url, "secret_arn": self.secret, "page_size": 2} | endpoint),
            Fields(), "cursors", "landing", "lake",
        )  # fmt: skip
        budget = Budget(time.monotonic() + seconds)
        return fetch(settings, self.clients, budget, full=full, patience=patience, now=lambda: self.now)

    def landed(self, bucket="landing"):
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def stored(self):
        """Order numbers of every stored page, in the order of its key."""
        bodies = [self.s3.get_object(Bucket="landing", Key=key)["Body"].read() for key in self.landed()]
        assert all(body.count(b"\n") == 1 for body in bodies), "a page is one line"
        return [
            [order["order_number"] for order in json.loads(json.loads(body)["body"])["transactions"]] for body in bodies
        ]


@pytest.fixture
def world(mocked_aws):
    with serving(LyingApi([order(number) for number in range(1, 6)])) as api:
        yield World(api, mocked_aws)


def test_all_pages_are_stored_as_they_came_and_the_end_is_kept(world):
    report = world.fetch()
    assert (report.pages, report.transactions, report.more, report.kind) == (3, 5, False, "full")
    assert world.stored() == [[1, 2], [3, 4], [5]]
    assert all(key.startswith("api/transactions/dt=2026-05-21/") for key in world.landed())
    walk = world.store.load()
    assert (walk.finished, walk.number, walk.tail) == (True, 3, "4")


def test_the_next_call_begins_at_the_last_page_and_takes_what_is_new(world):
    world.fetch()
    world.api.orders += [order(6), order(7)]
    world.api.orders[4] = order(5, status="Shipped")
    world.now += timedelta(hours=1)
    report = world.fetch()
    assert (report.kind, report.transactions) == ("tail", 3)
    assert world.stored()[3:] == [[5, 6], [7]], "the last page is read again: it was not full"


def test_a_day_later_everything_is_read_again_for_orders_change(world):
    world.fetch()
    world.now += timedelta(hours=23)
    assert world.fetch().kind == "tail"
    world.now += timedelta(hours=1)
    assert (world.fetch().kind, world.fetch(full=True).kind) == ("full", "full")


def test_a_throttled_call_waits_as_long_as_it_is_told(world):
    world.api.faults = [(429, {"retry-after": "1"}, b""), (503, {}, b"")]
    began = time.monotonic()
    report = world.fetch()
    assert (report.pages, report.retries) == (3, 2)
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param((500, {}, b"oops"), id="error"),
        pytest.param((200, {}, b"<html>busy</html>"), id="no JSON"),
        pytest.param((200, {}, b'{"transactions": [{"order_number": 1'), id="torn JSON"),
        pytest.param((200, {"content-length": "900"}, b'{"transactions": []'), id="connection lost"),
        pytest.param((200, {}, b'{"transactions": []}'), id="no next_cursor"),
        pytest.param((200, {}, b'{"transactions": {}, "next_cursor": null}'), id="no list"),
        pytest.param((200, {}, b'{"transactions": [], "next_cursor": {}}'), id="a cursor that is none"),
        pytest.param((200, {}, b"\xff\xfe{}"), id="no UTF-8"),
        pytest.param((200, {}, b"[" * 100_000), id="nested without end"),
        pytest.param(0.8, id="silence"),
    ],
)
def test_one_bad_answer_costs_a_retry_and_no_page(world, fault):
    world.api.faults = [fault]
    report = world.fetch(patience=Patience(answer=0.5, tries=3, first_wait=0.01, longest_wait=0.02))
    assert report.retries == 1
    assert world.stored() == [[1, 2], [3, 4], [5]]


def test_an_api_that_stays_down_leaves_the_cursor_and_is_gone_on_with(world):
    world.api.lie = lambda cursor, page: (502, {}, b"") if cursor == "4" else page
    with pytest.raises(ApiUnavailable, match="asked 4 times"):
        world.fetch()
    assert (world.store.load().cursor, world.store.load().number) == ("4", 2)
    world.api.lie = None
    report = world.fetch()
    assert (report.pages, world.stored()) == (1, [[1, 2], [3, 4], [5]])


def test_what_is_no_page_after_all_tries_is_kept_in_quarantine(world):
    world.api.faults = [(200, {}, b"<html>maintenance</html>")] * 4
    with pytest.raises(ApiLies, match="is no page"):
        world.fetch()
    [key] = world.landed("lake")
    kept = json.loads(world.s3.get_object(Bucket="lake", Key=key)["Body"].read())
    assert key.startswith("quarantine/api_transactions/refused/dt=2026-05-21/")
    assert (kept["body"], "not JSON" in kept["reason"]) == ("<html>maintenance</html>", True)
    assert world.fetch().pages == 3


def test_time_that_is_up_ends_the_call_and_the_next_one_goes_on(world):
    world.api.lie = lambda cursor, page: time.sleep(0.4) or page
    first = world.fetch(seconds=1.2, patience=Patience(answer=0.6, tries=3))
    assert first.more
    assert 0 < first.pages < 3
    second = world.fetch()
    assert (second.more, first.pages + second.pages, second.walk) == (False, 3, first.walk)
    assert world.stored() == [[1, 2], [3, 4], [5]]


def test_a_wait_beyond_the_calls_time_is_the_callers(world):
    world.api.faults = [(429, {"retry-after": "3600"}, b"")]
    began = time.monotonic()
    report = world.fetch(seconds=20)
    assert (report.more, report.retry_after, report.pages) == (True, 3600.0, 0)
    assert time.monotonic() - began < 10
    assert report.to_json()["retry_after"] == 3600.0


def test_a_retry_after_may_be_a_date(world):
    later = datetime.now(UTC) + timedelta(seconds=600)
    world.api.faults = [(503, {"retry-after": later.strftime("%a, %d %b %Y %H:%M:%S GMT")}, b"")]
    assert 590 < world.fetch(seconds=20).retry_after <= 600


@pytest.mark.parametrize(
    ("lie", "says"),
    [
        pytest.param(lambda c, p: p | {"next_cursor": c or "0"} if c == "2" else p, "leads back", id="to itself"),
        pytest.param(lambda c, p: p | {"next_cursor": "2"} if c == "4" else p, "leads back", id="in a circle"),
        pytest.param(
            lambda c, p: {"transactions": [order(1)], "next_cursor": str(int(c or 0) + 1)},
            "read before",
            id="same page",
        ),
        pytest.param(
            lambda c, p: {"transactions": [], "next_cursor": str(int(c or 0) + 1)}, "no end", id="empty without end"
        ),
    ],
)
def test_pages_that_lead_nowhere_stop_the_walk_which_begins_anew(world, lie, says):
    world.api.lie = lie
    with pytest.raises(ApiLies, match=says):
        world.fetch()
    assert world.landed("lake"), "what came is kept"
    world.api.lie, world.api.asked = None, []
    report = world.fetch()
    assert (report.kind, report.transactions, world.api.asked[0]) == ("full", 5, None)


def test_a_long_circle_is_found_as_well(world):
    world.api.size = 1
    world.api.orders = [order(number) for number in range(40)]
    world.api.lie = lambda cursor, page: page | {"next_cursor": "3"} if cursor == "33" else page
    with pytest.raises(ApiLies, match="read before"):
        world.fetch()
    assert len(world.api.asked) < 120


def test_pages_that_overlap_are_stored_as_they_are(world):
    world.api.lie = lambda cursor, page: page | {"transactions": world.api.orders[int(cursor or 0) :][:3]}
    assert world.fetch().transactions == 3 + 3 + 1
    assert world.stored() == [[1, 2, 3], [3, 4, 5], [5]]


def test_a_cursor_that_has_expired_begins_again_from_the_first_page(world):
    world.fetch()
    world.api.faults = [(410, {}, b"")]
    world.now += timedelta(hours=1)
    with pytest.raises(ApiCursorRefused, match="410"):
        world.fetch()
    assert world.fetch().kind == "full"


def test_a_rotated_token_is_read_again(world):
    world.api.token = "another"
    with pytest.raises(ApiRefused, match="401"):
        world.fetch()
    world.secrets.put_secret_value(SecretId=world.secret, SecretString=json.dumps({"api_token": "another"}))
    assert world.fetch().pages == 3


def test_a_redirect_is_not_followed_with_the_token(world):
    world.api.faults = [(302, {"location": "http://elsewhere.example/"}, b"")]
    with pytest.raises(ApiRefused, match=r"redirect to http://elsewhere\.example/"):
        world.fetch()


def test_another_address_is_another_walk(world):
    world.fetch()
    assert world.fetch(url=world.api.url + "?store=2").kind == "full"


def test_of_two_fetches_at_once_one_goes_on(world):
    walk = None

    def overtaken(cursor, page):
        nonlocal walk
        if cursor == "2" and walk is None:
            walk = world.store.load()
            world.store.save(walk)
        return page

    world.api.lie = overtaken
    report = world.fetch()
    assert (report.more, report.pages) == (True, 1), "the page was stored, and the cursor is the other one's"
    with pytest.raises(WalkOvertaken):
        world.store.save(walk)
    assert world.fetch().more is False
    assert world.stored() == [[1, 2], [3, 4], [5]]
