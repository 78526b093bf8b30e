"""What a training run learns, from arrays in view."""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from planted import catalogue, shop
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse
from streaming_recs.model.features import ITEM_SIGNALS, NAMES, USER_SIGNALS, pair_features
from streaming_recs.model.histories import batch
from streaming_recs.model.recommend import recommend
from streaming_recs.model.reranking import tree_scores
from streaming_recs.model.shopper import Interaction, Shopper, Wanted
from streaming_recs.model.version import ModelFormatError, ModelVersion
from streaming_recs.training import linear
from streaming_recs.training.als import implicit_als
from streaming_recs.training.interactions import Interactions
from streaming_recs.training.protocol import later_purchases
from streaming_recs.training.reranker import PARAMETERS, export
from streaming_recs.training.settings import Settings
from streaming_recs.training.tables import Items
from streaming_recs.training.train import NothingToLearnError, train

SEED = 5


def test_the_closed_form_is_the_formula() -> None:
    matrix = csr_matrix(random_sparse(400, 300, density=0.05, random_state=SEED, data_rvs=np.ones, dtype=np.float32))
    gram = linear.gram(matrix)
    vectors, inputs = linear.low_rank(gram, ridge=10.0, dropout=0.3, dimensions=8)

    exact = gram.astype(np.float64)
    explained = np.linalg.solve(exact + 10 * np.eye(300) + 0.3 / 0.7 * np.diag(np.diag(exact)), exact)
    _, every = np.linalg.eigh((exact @ explained + (exact @ explained).T) / 2)
    top = every[:, ::-1][:, :8]
    np.testing.assert_allclose(inputs @ vectors.T, explained @ top @ top.T, atol=2e-3)


def test_ease_has_no_diagonal_and_solves_its_regression() -> None:
    matrix = csr_matrix(random_sparse(200, 40, density=0.2, random_state=SEED, data_rvs=np.ones, dtype=np.float32))
    weights = linear.ease(linear.gram(matrix), ridge=5.0)

    dense = matrix.toarray().astype(np.float64)
    others = np.delete(np.arange(40), 7)  # column 7 regressed on all others, with the ridge
    solved = np.linalg.solve(dense[:, others].T @ dense[:, others] + 5 * np.eye(39), dense[:, others].T @ dense[:, 7])
    assert np.all(np.diagonal(weights) == 0)
    np.testing.assert_allclose(weights[others, 7], solved, atol=1e-4)


def test_als_explains_planted_blocks() -> None:
    blocks = np.kron(np.eye(3), np.ones((20, 10)))
    users, items = implicit_als(csr_matrix(blocks), dimensions=3, ridge=0.1, alpha=5.0, iterations=8, seed=SEED)
    np.testing.assert_allclose(users @ items.T, blocks, atol=0.05)


def test_what_was_rated_with_one_star_says_nothing_of_taste() -> None:
    rows, settings = shop(), Settings(rerank=False)
    of_his_group = (rows.users[rows.user] == 100) & np.char.startswith(rows.items[rows.item], "P0")
    unwanted = replace(rows, weight=np.where(of_his_group, 0.0, 1.0))

    def from_his_group(trained_on: Interactions) -> int:
        model = train(trained_on, seed=SEED, settings=settings)
        (found,) = recommend(model, [Shopper(customer_number=100)], Wanted(k=10, bought=True))
        return sum(item.product_code.startswith("P0") for item in found.items)

    assert from_his_group(rows) >= 5
    assert from_his_group(unwanted) <= 1
    what_he_bought = later_purchases(unwanted, unwanted)[0]
    assert what_he_bought
    assert not any(unwanted.items[item].startswith("P0") for item in what_he_bought)


def test_exported_trees_score_as_the_booster_does() -> None:
    draw = np.random.default_rng(SEED)
    features = draw.normal(size=(1500, len(NAMES))).astype(np.float32).round(1)  # ties on the thresholds
    truth = (features[:, 0] + features[:, 1] * features[:, 2] > 0).astype(np.float32)
    booster = lightgbm.train(PARAMETERS | {"objective": "binary"}, lightgbm.Dataset(features, truth), 30)

    scores = tree_scores(export([(booster.dump_model()["tree_info"], 1.0)]), features)
    np.testing.assert_allclose(scores, booster.predict(features, raw_score=True), atol=1e-4)


def test_features_are_what_their_names_say(model: ModelVersion) -> None:
    user = int(np.argmax(model.user_signals[:, USER_SIGNALS.index("last_visit")]))
    shopper = Shopper(customer_number=int(model.users[user]), recent=(Interaction("P3-01"),))
    known = batch(model, [shopper])
    items = np.arange(len(model.items))
    table = pair_features(model, known, np.zeros(len(items), dtype=np.int64), items)
    rows = model.histories.rows(user)
    bought = model.histories.item[rows]

    assert table.shape == (60, len(NAMES))
    column = {name: table[:, position] for position, name in enumerate(NAMES)}
    np.testing.assert_array_equal(column["own_times"][bought], model.histories.times[rows])
    assert set(column["own_times"][np.setdiff1d(items, bought)]) == {-1.0}
    np.testing.assert_array_equal(column["buyers"], model.item_signals[:, ITEM_SIGNALS.index("buyers")])
    np.testing.assert_array_equal(column["items"], model.user_signals[user, USER_SIGNALS.index("items")])
    drawn = column["neighbours_last"] > 0  # what was just browsed is the last basket
    assert set(items[drawn]) <= set(model.neighbours.item[model.index("P3-01")])


def test_a_second_run_with_the_same_seed_is_the_same_model(model: ModelVersion) -> None:
    settings = Settings(dimensions=8, rounds=5)
    one, two = (train(shop(), catalogue(), seed=SEED, settings=settings) for _ in range(2))

    assert one.version[-8:] == two.version[-8:]  # the digest of the content
    assert one.version[-8:] != model.version[-8:]
    assert one.discovery is not None
    assert one.replenishment is not None
    assert one.data["rows"] == 6_000


def test_a_model_that_saw_no_future_keeps_the_retrieval_order() -> None:
    rows = shop().between(-np.inf, 20_020)
    model = train(rows, seed=SEED, settings=Settings(dimensions=4))

    assert model.discovery is None
    assert len(recommend(model, [Shopper(customer_number=int(model.users[0]))], Wanted(k=5))[0].items) == 5


def test_an_item_that_nobody_bought_yet_is_placed_by_its_attributes() -> None:
    shelf = catalogue()
    fresh = Items.of(
        np.append(shelf.code, ["NEW-1", "NEW-2"]),
        np.append(shelf.product_line, ["line 2", "a line without sales"]),
        np.append(shelf.price, [33.0, 5.0]),
        np.append(shelf.in_stock, [True, True]),
    )
    model = train(shop(), fresh, seed=SEED, settings=Settings(dimensions=8, recency_weight=0.5, rerank=False))
    new = model.index("NEW-1")

    assert new is not None
    assert model.index("NEW-2") is None
    near = model.item_vectors @ model.item_vectors[new]
    assert {str(code)[:2] for code in model.items[np.argsort(-near)[1:6]]} == {"P2"}
    (of_taste, of_another) = recommend(
        model, [Shopper(customer_number=102), Shopper(customer_number=101)], Wanted(k=60, bought=True)
    )
    ranks = [[item.product_code for item in answer.items].index("NEW-1") for answer in (of_taste, of_another)]
    assert ranks[0] < ranks[1]


def test_nothing_to_learn_is_said() -> None:
    empty = Interactions.of(np.empty(0), np.empty(0, dtype="<U4"), np.empty(0), np.empty(0))
    with pytest.raises(NothingToLearnError, match="no interactions"):
        train(empty, seed=SEED)


def test_trees_of_other_features_are_refused(model: ModelVersion) -> None:
    assert model.discovery is not None
    stale = replace(model.discovery, features=model.discovery.features[::-1])
    with pytest.raises(ModelFormatError, match="other features"):
        recommend(replace(model, discovery=stale), [Shopper(customer_number=100)], Wanted())
