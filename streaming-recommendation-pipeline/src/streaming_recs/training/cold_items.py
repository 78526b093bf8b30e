"""Items of the catalogue that nobody has bought yet get a place in the model from their attributes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from streaming_recs.model.version import Indices, Matrix, ModelVersion, Neighbours
from streaming_recs.training.tables import Items

_SHRINKAGE = 3.0  # a product line of few sold items says less about a new one


def with_cold_items(model: ModelVersion, catalogue: Items) -> ModelVersion:
    """The model with every item of the catalogue that has a product line which was sold.

    Such an item gets the mean vectors, recency and signals of its line (shrunk towards the mean item), the buyers
    nobody, and the line's items nearest in price as neighbours.
    """
    sold = model.attributes
    fresh = ~np.isin(catalogue.code, model.items) & np.isin(catalogue.product_line, sold.product_line)
    fresh &= catalogue.product_line != ""
    codes = catalogue.code[fresh]
    if len(codes) == 0:
        return model
    items = np.concatenate([model.items, codes])
    order = np.argsort(items, kind="stable")
    lines, price = catalogue.product_line[fresh], catalogue.price[fresh]
    members = [np.flatnonzero(sold.product_line == line) for line in lines]

    def grown(rows: Matrix) -> Matrix:
        means = [_line_mean(rows, of_line) for of_line in members]
        every: Matrix = np.concatenate([rows, np.array(means, dtype=rows.dtype)])
        return every[order]

    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order))
    near = [
        _nearest_in_price(sold.price, of_line, p, model.neighbours) for of_line, p in zip(members, price, strict=True)
    ]
    popularity = np.concatenate([model.popularity, np.zeros(len(codes), dtype=np.float32)])[order]
    vectors = grown(model.item_vectors)
    return replace(
        model,
        items=items[order],
        item_vectors=vectors,
        gram=vectors.T @ vectors,
        input_vectors=grown(model.input_vectors),
        recency=grown(model.recency),
        popularity=popularity,
        item_signals=grown(model.item_signals),
        attributes=catalogue.attributes(items[order]),
        histories=replace(model.histories, item=place[model.histories.item]),
        neighbours=_moved(model.neighbours, place, order, near),
        companions=_moved(model.companions, place, order, [np.empty(0, dtype=np.int64)] * len(codes)),
    )


def _line_mean(rows: Matrix, of_line: Indices) -> Matrix:
    return np.asarray((rows[of_line].sum(axis=0) + _SHRINKAGE * rows.mean(axis=0)) / (len(of_line) + _SHRINKAGE))


def _nearest_in_price(prices: NDArray[np.float64], of_line: Indices, price: float, table: Neighbours) -> Indices:
    distance = np.nan_to_num(np.abs(prices[of_line] - price), nan=np.inf)
    return of_line[np.argsort(distance, kind="stable")][: table.item.shape[1]]


def _moved(table: Neighbours, place: NDArray[np.int32], order: Indices, near: list[Indices]) -> Neighbours:
    """The table with rows and entries at their new places, and rows for the new items."""
    item = np.full((len(order), table.item.shape[1]), -1, dtype=np.int32)
    weight = np.zeros(item.shape, dtype=np.float32)
    sold = len(table.item)
    item[place[:sold]] = np.where(table.item >= 0, place[np.maximum(table.item, 0)], -1)
    weight[place[:sold]] = table.weight
    typical = np.median(table.weight[:, :1]) if table.weight.size else 0.0
    for number, those in enumerate(near):
        at = place[sold + number]
        item[at, : len(those)] = place[those]
        weight[at, : len(those)] = typical / np.arange(1, len(those) + 1)
    return Neighbours(item, weight)
