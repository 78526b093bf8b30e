"""The promotion rule, on users whose recalls are in view."""

from __future__ import annotations

import numpy as np
from streaming_recs.training.promotion import decide

DRAW = np.random.default_rng(11)
USERS = 400
BASE = DRAW.random(USERS) * 0.2
BASELINES = {"popularity": BASE, "item_knn": BASE + 0.02}


def test_the_first_version_that_beats_popularity_is_provisional() -> None:
    decision = decide(BASE + 0.05, BASELINES)

    assert (decision.promoted, decision.serves, decision.status) == (True, "candidate", "provisional")
    assert "beats popularity" in decision.why[0]


def test_a_first_version_no_better_than_popularity_leaves_popularity_serving() -> None:
    noise = DRAW.permutation(np.repeat([0.05, -0.05], USERS // 2))
    decision = decide(BASE + noise, BASELINES)

    assert (decision.promoted, decision.serves, decision.status) == (False, "popularity", "refused")
    assert "does not beat popularity" in decision.why[0]


def test_with_no_test_users_nothing_is_promoted() -> None:
    nobody = np.empty(0)
    decision = decide(nobody, {"popularity": nobody})
    assert not decision.promoted
    assert "nobody could be asked" in decision.why[0]


def test_a_later_version_must_not_lose_more_than_the_margin() -> None:
    current = BASE + 0.05
    worse = decide(BASE + 0.05, BASELINES, (current * 0.95, current), has_live=True)
    as_good = decide(BASE + 0.05, BASELINES, (current * 0.99, current), has_live=True)

    assert (worse.promoted, worse.serves) == (False, "live")
    assert any("may be worse than the live version" in sentence for sentence in worse.why)
    assert (as_good.promoted, as_good.status) == (True, "live")


def test_a_later_version_must_beat_every_baseline_where_users_are_enough() -> None:
    between = BASE + 0.01
    refused = decide(between, BASELINES, None, has_live=True)
    few = decide(between[:100], {name: values[:100] for name, values in BASELINES.items()}, None, has_live=True)

    assert (refused.promoted, refused.serves) == (False, "live")
    assert any("does not beat item_knn" in sentence for sentence in refused.why)
    assert few.promoted
