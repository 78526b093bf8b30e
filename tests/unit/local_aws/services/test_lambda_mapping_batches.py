"""What a mapping does with a batch after its invocation."""

from __future__ import annotations

import json

import pytest
from local_aws.services.kinesis_log import Record, sequence_number
from local_aws.services.lambda_mapping_batches import Outcome, Piece, Settings, Verdict, judge, split_expired

FOUR = Piece(tuple(Record(place, "k", 1000.0 + place, b"x") for place in (1, 2, 3, 4)))
FAILED = Outcome(b'{"errorMessage": "no"}', "Unhandled")


def settings(
    retries: int | None = 2, *, bisect: bool = False, partial: bool = False, age: float | None = None
) -> Settings:
    return Settings(100, 0, retries, age, bisect, partial)


def reports(*places: object) -> Outcome:
    identifiers = [sequence_number(place) if isinstance(place, int) else place for place in places]
    return Outcome(json.dumps({"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}).encode(), None)


def places(verdict: Verdict) -> list[list[int]]:
    return [[record.place for record in piece.records] for piece in verdict.again]


def test_a_batch_that_succeeds_is_done() -> None:
    assert judge(Outcome(b"null", None), FOUR, settings()) == Verdict(4)


def test_a_batch_that_fails_is_invoked_again_until_the_quota_is_used_up() -> None:
    piece, invocations = FOUR, 0
    while not (verdict := judge(FAILED, piece, settings(retries=2))).discarded:
        (piece,) = verdict.again
        invocations += 1
    assert invocations == 2
    assert (verdict.discarded.invocations, verdict.discarded.records) == (3, FOUR.records)


def test_without_a_quota_it_is_tried_for_ever() -> None:
    piece = Piece(FOUR.records, retries=10_000)
    assert judge(FAILED, piece, settings(retries=None)).discarded is None


def test_splitting_uses_up_no_retries() -> None:
    verdict = judge(FAILED, FOUR, settings(retries=0, bisect=True))
    assert places(verdict) == [[1, 2], [3, 4]]
    assert {piece.retries for piece in verdict.again} == {0}
    alone = Piece(FOUR.records[:1])
    assert judge(FAILED, alone, settings(retries=0, bisect=True)).discarded is not None


def test_a_partial_response_is_done_up_to_its_lowest_failure() -> None:
    verdict = judge(reports(4, 3), FOUR, settings(partial=True))
    assert (verdict.done, places(verdict)) == (2, [[3, 4]])
    assert verdict.again[0].retries == 0, "the batch got on: its retries begin anew"


def test_a_first_record_that_keeps_failing_is_isolated_by_bisection() -> None:
    assert places(judge(reports(1), FOUR, settings(partial=True, bisect=True))) == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "payload", [b"", b"null", b"{}", b'""', b'{"batchItemFailures": null}', b'{"batchItemFailures": []}']
)
def test_an_empty_partial_response_is_success(payload: bytes) -> None:
    assert judge(Outcome(payload, None), FOUR, settings(partial=True)) == Verdict(4)


@pytest.mark.parametrize(
    "outcome", [reports(""), reports(None), reports(99), Outcome(b'{"batchItemFailures": [{"id": 1}]}', None)]
)
def test_an_identifier_that_is_none_fails_the_whole_batch(outcome: Outcome) -> None:
    assert places(judge(outcome, FOUR, settings(partial=True))) == [[1, 2, 3, 4]]


def test_records_past_their_age_are_not_sent() -> None:
    old, young = split_expired(FOUR, settings(age=60), now=1000 + 60 + 2.5)
    assert old is not None
    assert young is not None
    assert ([r.place for r in old.records], [r.place for r in young.records]) == ([1, 2], [3, 4])
    assert split_expired(FOUR, settings(), now=1e12) == (None, FOUR)
