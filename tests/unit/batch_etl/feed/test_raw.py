"""What is read from a raw file, whole or damaged."""

from __future__ import annotations

import json

import pytest
from batch_etl.sources.feed.raw import Entry, read_entries

ONE, TWO = {"transaction_id": "1"}, {"transaction_id": "2"}


@pytest.mark.parametrize(
    "body",
    [
        b'[{"transaction_id": "1"}, {"transaction_id": "2"}]',
        b'{"transactions": [{"transaction_id": "1"}, {"transaction_id": "2"}]}',
        b'{"transaction_id": "1"}\n{"transaction_id": "2"}\n',
        b'\xef\xbb\xbf[{"transaction_id": "1"}, {"transaction_id": "2"}]',
        '[{"transaction_id": "1"}, {"transaction_id": "2"}]'.encode("utf-16"),
    ],
    ids=["array", "object", "lines", "byte order mark", "UTF-16"],
)
def test_every_shape_of_json_gives_its_records(body):
    assert read_entries(body) == [Entry(1, ONE), Entry(2, TWO)]


def test_one_transaction_may_be_the_whole_file():
    assert read_entries(json.dumps(ONE).encode()) == [Entry(1, ONE)]


def test_a_file_cut_short_loses_its_last_line_alone():
    whole = b'[\n{"transaction_id": "1"},\n{"transaction_id": "2"},\n{"transaction_id": "3"}\n]\n'
    assert read_entries(whole[:-15]) == [Entry(2, ONE), Entry(3, TWO), Entry(4, None, '{"transacti')]


def test_amounts_stay_the_text_that_they_were_written_as():
    (entry,) = read_entries(b'{"price": 1844.5600000000002, "total_amount": NaN, "quantity": 2}')
    assert entry.record == {"price": "1844.5600000000002", "total_amount": "NaN", "quantity": 2}


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00\x01\x02", b"<html>503</html>", b"[" * 100_000, b'{"quantity": ' + b"9" * 5_000 + b"}"],
    ids=["empty", "binary", "no JSON", "endless nesting", "endless number"],
)
def test_what_cannot_be_read_is_one_entry_without_a_record(body):
    (entry,) = read_entries(body)
    assert (entry.position, entry.record) == (1, None)


def test_an_empty_array_has_nothing_in_it():
    assert read_entries(b"[]") == []


def test_what_is_no_object_is_an_entry_of_its_own():
    assert read_entries(b'[{"transaction_id": "1"}, null, 7, ["x"]]') == [
        Entry(1, ONE),
        Entry(2, None, "null"),
        Entry(3, None, "7"),
        Entry(4, None, '["x"]'),
    ]
