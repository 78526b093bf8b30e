"""`retail latest-transactions` and `retail replay-transactions` as they are typed."""

from __future__ import annotations

import pytest
import typer
from batch_etl.sources.feed import cli
from feed_world import LAKE, LANDING, FeedWorld, sale
from typer.testing import CliRunner, Result

app = typer.Typer()
app.command("latest-transactions")(cli.latest_transactions)
app.command("replay-transactions")(cli.replay_transactions)


@pytest.fixture
def typed(feed: FeedWorld, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    ssm = feed.session.client("ssm")
    for role, bucket in (("lake", LAKE), ("landing", LANDING)):
        ssm.put_parameter(Name=f"/shop/lake/{role}_bucket", Value=bucket, Type="String")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--project", "shop"], env={"COLUMNS": "160"})

    return run


def test_the_latest_are_shown_with_the_totals_of_their_day(feed, typed):
    feed.take([sale(1, "2026-03-02T09:00:00Z"), sale(2, "2026-03-02T11:00:00Z")])
    shown = typed("latest-transactions", "--day", "2026-03-02", "--limit", "1").output
    assert "T0002" in shown
    assert "T0001" not in shown
    assert "2026-03-02: 2 transactions, 4 pieces, 382.80 in all" in shown


def test_a_table_that_is_not_there_is_named(typed):
    done = CliRunner().invoke(app, ["latest-transactions", "--project", "other"])
    assert done.exit_code == 1
    assert "other-latest-transactions cannot be read" in done.output


def test_replay_says_what_it_sent(feed, typed):
    feed.take([sale(1), sale(2, price="x")])
    feed.take(b"no JSON", "b.json")
    shown = typed("replay-transactions").output
    assert "1 sent again, 0 are no records and stay" in shown
    assert "0 sent again, 1 are no records and stay" in shown
    assert shown.endswith("1 transactions sent again\n")
    assert len(feed.files("transactions/raw/", LANDING)) == 3
