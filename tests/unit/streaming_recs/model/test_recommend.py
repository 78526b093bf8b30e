"""The one path of a recommendation, on a shop with four planted tastes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from streaming_recs.model import retrieval
from streaming_recs.model.recommend import recommend
from streaming_recs.model.shopper import Answer, Interaction, Shopper, Wanted
from streaming_recs.model.similar import UnknownProductError, popular, similar
from streaming_recs.model.version import ModelVersion


def taste(answer: Answer) -> str:
    """The planted group that most of the list belongs to."""
    return Counter(item.product_code[:2] for item in answer.items).most_common(1)[0][0]


def codes(answer: Answer) -> list[str]:
    return [item.product_code for item in answer.items]


def test_a_trained_customer_gets_their_own_taste_by_both_stages(model: ModelVersion) -> None:
    shoppers = [Shopper(customer_number=100 + group) for group in range(4)]
    for rerank in (False, True):
        answers = recommend(model, shoppers, Wanted(k=5, bought=True), rerank=rerank)
        assert [taste(answer) for answer in answers] == ["P0", "P1", "P2", "P3"]
        assert {answer.path for answer in answers} == {"trained_user"}


def test_paths_follow_what_is_known(model: ModelVersion) -> None:
    shoppers = [
        Shopper(recent=(Interaction("P2-01"), Interaction("P2-04"))),
        Shopper(country="Japan "),
        Shopper(country="Japan", city="Capital of Japan"),
        Shopper(credit_limit=40_000.0),
        Shopper(country="Atlantis"),
        Shopper(recent=(Interaction("no such product"),)),
    ]
    answers = recommend(model, shoppers, Wanted(k=6))

    paths = ["fold_in", "location_prior", "location_prior", "location_prior", "popular", "popular"]
    assert [answer.path for answer in answers] == paths
    assert [taste(answer) for answer in answers[:4]] == ["P2", "P1", "P1", "P3"]
    assert codes(answers[4]) == codes(answers[5]) == codes(popular(model, Wanted(k=6)))


def test_a_click_lifts_the_neighbours_of_the_clicked_item(model: ModelVersion) -> None:
    customer = Shopper(customer_number=100)
    clicked = Shopper(customer_number=100, recent=tuple(Interaction(f"P3-0{n}", weight=5.0) for n in range(4)))
    before, after = recommend(model, [customer, clicked], Wanted(k=60, bought=True), rerank=False)

    def mean_rank(answer: Answer) -> float:
        return float(np.mean([codes(answer).index(code) for code in codes(before) if code.startswith("P3")]))

    assert mean_rank(after) < mean_rank(before)
    assert after.path == "trained_user"


def test_order_and_repetition_of_events_do_not_matter(model: ModelVersion) -> None:
    events = [Interaction("P1-00", 1.0), Interaction("P2-03", 2.0), Interaction("P1-05", 1.0)]
    once, shuffled = recommend(
        model, [Shopper(recent=tuple(events)), Shopper(recent=tuple(events[::-1] + events))], Wanted(k=10)
    )
    assert codes(once) == codes(shuffled)


def test_a_huge_or_negative_quantity_stays_a_taste(model: ModelVersion) -> None:
    capped, huge, negative = recommend(
        model,
        [
            Shopper(recent=(Interaction("P1-00", 5.0),)),
            Shopper(recent=(Interaction("P1-00", 1e9),)),
            Shopper(recent=(Interaction("P1-00", -4.0),)),
        ],
        Wanted(k=10),
    )
    assert codes(huge) == codes(capped)
    assert negative.path == "popular"


@pytest.mark.parametrize("rerank", [False, True])
def test_filters_hold_in_both_stages(model: ModelVersion, rerank: bool) -> None:
    shopper = Shopper(customer_number=101, recent=(Interaction("P1-02", in_cart=True), Interaction("P0-05")))
    bought = {str(model.items[i]) for i in model.histories.item[model.histories.rows(1)]}
    everything = {str(code) for code in model.items}
    lines = {str(c): str(line) for c, line in zip(model.items, model.attributes.product_line, strict=True)}
    price = {str(c): float(p) for c, p in zip(model.items, model.attributes.price, strict=True)}
    cases = {
        Wanted(k=60): everything - bought - {"P1-02", "P0-03"},
        Wanted(k=60, bought=True, in_cart=True, in_stock_only=False): everything,
        Wanted(k=60, bought=True, browsed=False): everything - {"P1-02", "P0-05", "P0-03"},
        Wanted(k=60, bought=True, product_lines=frozenset({"line 2"})): {c for c in everything if lines[c] == "line 2"},
        Wanted(k=60, bought=True, min_price=10.0, max_price=20.0): {
            c for c in everything - {"P1-02"} if 10 <= price[c] <= 20
        },
        Wanted(k=60, bought=True, exclude=frozenset({"P2-00", "?"})): everything - {"P2-00", "P1-02", "P0-03"},
    }
    for wanted, expected in cases.items():
        (answer,) = recommend(model, [shopper], wanted, rerank=rerank)
        assert set(codes(answer)) == expected, wanted


def test_fewer_than_k_items_come_with_the_reason(model: ModelVersion) -> None:
    (short,) = recommend(model, [Shopper()], Wanted(k=20, product_lines=frozenset({"line 0"})))
    (full,) = recommend(model, [Shopper()], Wanted(k=20))

    assert len(short.items) == 14
    assert short.shortfall == (
        "14 of 20 items: the catalogue has 60, and filters removed: category 45, out of stock 1. "
        "Relax a filter to see more."
    )
    assert len(full.items) == 20
    assert full.shortfall is None


def test_reasons_name_the_item_that_draws(model: ModelVersion) -> None:
    (looked,) = recommend(model, [Shopper(recent=(Interaction("P2-01"),))], Wanted(k=10))
    (again,) = recommend(model, [Shopper(customer_number=100)], Wanted(k=60, bought=True))
    (nobody,) = recommend(model, [Shopper()], Wanted(k=1))

    assert any(item.reason == "Goes with P2-01, which you looked at" for item in looked.items)
    assert any(item.reason.startswith("You bought this") for item in again.items)
    assert nobody.items[0].reason == "Popular right now"


def test_diversity_spreads_a_list_over_tastes(model: ModelVersion) -> None:
    shopper = Shopper(customer_number=102)
    narrow, wide = recommend(
        model, [shopper, shopper], [Wanted(k=8, bought=True), Wanted(k=8, bought=True, diversity=0.8)], rerank=False
    )
    assert len({code[:2] for code in codes(wide)}) > len({code[:2] for code in codes(narrow)})
    assert codes(wide)[0] == codes(narrow)[0]


def test_similar_items_share_the_planted_group_and_are_in_stock(model: ModelVersion) -> None:
    found = [item.product_code for item in similar(model, "P0-01", k=8)]

    assert [code[:2] for code in found] == ["P0"] * 8
    assert "P0-03" not in found
    assert "P0-01" not in found
    with pytest.raises(UnknownProductError, match="knows no product 'P9-99'"):
        similar(model, "P9-99")


def test_a_cosine_index_on_augmented_rows_ranks_as_the_score_does(model: ModelVersion) -> None:
    vectors = retrieval.normalised(model, model.user_vectors[:20])
    rows = retrieval.augmented(model)
    queries = np.column_stack([vectors, np.ones(20), np.zeros(20)])
    cosine = (queries / np.linalg.norm(queries, axis=1)[:, None]) @ (rows / np.linalg.norm(rows, axis=1)[:, None]).T

    everything = np.ones((20, len(model.items)), dtype=np.bool_)
    np.testing.assert_array_equal(
        np.argsort(-cosine, axis=1, kind="stable")[:, :10], retrieval.exact(model, vectors, everything, 10)
    )
