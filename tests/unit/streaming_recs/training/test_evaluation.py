"""`retail evaluate` on the planted shop: the protocol, the contract of its report, the search."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from planted import shop
from streaming_recs.evaluation_cli import evaluate as evaluate_command
from streaming_recs.training.evidence import evidence
from streaming_recs.training.interactions import Interactions
from streaming_recs.training.metrics import interval, scored
from streaming_recs.training.protocol import split_by_time
from streaming_recs.training.search import draws
from streaming_recs.training.settings import Settings
from streaming_recs.training.train import train
from typer.testing import CliRunner

RIVALS = {"popularity", "recent_popularity", "own_frequency", "item_knn", "ease", "implicit_als"}
METHODS = RIVALS | {"ours", "ours_retrieval_only"}
METRICS = {"recall_at_20", "ndcg_at_10", "ndcg_at_100", "mrr", "coverage", "train_seconds"}


def written(rows: Interactions, path: Path) -> Path:
    stamps = (rows.day * 86_400e6).astype("datetime64[us]")
    columns = {"user": rows.users[rows.user], "item": rows.items[rows.item], "ts": stamps, "qty": rows.quantity}
    pq.write_table(pa.table(columns), path)
    return path


def run(*arguments: str) -> tuple[int, str]:
    application = typer.Typer()
    application.command()(evaluate_command)
    result = CliRunner().invoke(application, arguments)
    return result.exit_code, result.output


def test_the_report_holds_every_method_under_both_protocols(tmp_path: Path) -> None:
    source, target = written(shop(rows=3_000), tmp_path / "shop.parquet"), tmp_path / "report.json"
    code, output = run("--interactions", str(source), "--output", str(target), "--seed", "3", "--trials", "2")
    assert code == 0, output
    report = json.loads(target.read_text())

    assert set(report["protocols"]) == {"new", "all"}
    for measured in report["protocols"].values():
        assert set(measured) == METHODS
        assert all(set(summary) >= METRICS for summary in measured.values())
        # Tastes are planted: whatever learns tastes must beat what everybody gets.
        assert measured["ours"]["recall_at_20"] > measured["popularity"]["recall_at_20"] + 0.1
    assert {len(trials) for trials in report["search"].values()} == {2}
    assert "search ease ridge=300" in output
    assert report["data"]["rows"] == 3_000


def test_a_schema_error_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user": [1], "item": ["A"]}), tmp_path / "half.parquet")
    code, output = run("--interactions", str(tmp_path / "half.parquet"))

    assert code == 1
    assert "column ts, qty is missing" in output.replace("\n", " ")
    assert "Traceback" not in output


def test_the_split_is_by_time_and_truth_is_what_protocols_say() -> None:
    rows = Interactions.of(
        np.array([1] * 5 + [1, 1, 1] + [2, 2]),
        np.array(["A", "B", "C", "D", "E", "A", "F", "Z", "F", "A"]),
        np.array([0.0, 1, 2, 3, 4, 90, 91, 100, 5, 95]),
        np.ones(10),
    )
    split = split_by_time(rows, most_users=10, seed=0)
    named = {
        name: [{str(split.train.items[i]) for i in one} for one in questions.truth]
        for name, questions in split.questions.items()
    }

    # User 2 bought fewer than five items before; Z was never sold before; A is a repurchase.
    assert named == {"new": [{"F"}], "all": [{"A", "F"}]}
    assert split.train.day.max() <= split.end == 80


def test_metrics_are_the_textbook_ones() -> None:
    ranked = np.full((2, 100), -1)
    ranked[0, :3], ranked[1, :2] = [7, 8, 9], [1, 2]
    measured = scored(ranked, [{8}, {5, 6}], items=10)

    assert measured.values["recall_at_20"].tolist() == [1.0, 0.0]
    assert measured.values["mrr"].tolist() == [0.5, 0.0]
    np.testing.assert_allclose(measured.values["ndcg_at_10"], [1 / np.log2(3), 0])
    assert measured.coverage == 0.5
    low, high = interval(np.array([0.0, 1.0] * 200), seed=1)
    assert 0.44 < low < 0.5 < high < 0.56


def test_every_method_draws_the_same_number_of_distinct_trials() -> None:
    space = {"a": (1, 2, 3), "b": ("x", "y")}
    drawn = draws(space, trials=4, seed=9)

    assert drawn[0] == {"a": 1, "b": "x"}
    assert len({tuple(setting.items()) for setting in drawn}) == 4
    assert drawn == draws(space, trials=4, seed=9)


@pytest.mark.parametrize("planted", [True, False])
def test_the_gate_promotes_signal_and_refuses_noise(planted: bool) -> None:
    rows = shop(rows=4_000)
    if not planted:  # the same purchases, each of a random shopper
        draw = np.random.default_rng(2)
        rows = Interactions.of(rows.users[draw.permutation(rows.user)], rows.items[rows.item], rows.day, rows.quantity)
    settings = Settings(dimensions=8, recency_weight=0.5, rerank=False)
    decision = evidence(rows, None, settings=settings, seed=1).decision(seed=1)

    assert decision.promoted is planted, decision.why
    assert decision.serves == ("candidate" if planted else "popularity")


def test_the_gate_asks_the_live_version_about_the_time_after_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming_recs.training.evidence.ENOUGH_USERS", 50)
    rows, settings = shop(rows=4_000), Settings(dimensions=8, recency_weight=0.5, rerank=False)
    live = train(rows.between(-np.inf, 20_150), seed=1, settings=settings, end=20_150)
    found = evidence(rows, live, settings=settings, seed=1)

    assert found.live is not None
    np.testing.assert_allclose(found.live[0], found.live[1])  # the same recipe on the same data
    assert found.decision(seed=1).status in {"live", "refused"}


def test_a_history_too_short_for_the_protocol_is_said(tmp_path: Path) -> None:
    rows = shop(rows=30)
    code, output = run("--interactions", str(written(rows, tmp_path / "short.parquet")))

    assert code == 1
    assert "Give a longer history" in output.replace("\n", " ")
