"""The lock in DynamoDB, between owners that live, hand over, and die."""

from __future__ import annotations

import pytest
from batch_etl.errors import LockHeld, LockLost
from batch_etl.lake.lock import HANDOVER_SECONDS, Lock


class Clock:
    """Time passes only while somebody sleeps; `meanwhile` is what others do then."""

    def __init__(self):
        self.now = 1_000_000.0
        self.meanwhile = lambda: None

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def dynamodb(mocked_aws):
    return mocked_aws.client("dynamodb")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lock(dynamodb, clock):
    return lambda owner: Lock(dynamodb, "locks", "publish", owner, clock=clock, sleep=clock.sleep)


def test_a_living_holder_is_named_with_the_moment_it_began(lock, clock):
    first = lock("run-1")
    first.acquire()
    clock.meanwhile = first.renew
    with pytest.raises(LockHeld, match=r"'publish' is held by run-1 since 1970-01-12T13:46:40\+00:00"):
        lock("run-2").acquire()


def test_a_dead_holder_is_waited_out_and_taken_over(lock, clock):
    dead = lock("dead")
    dead.acquire()
    began = clock.now
    heir = lock("heir")
    heir.acquire()
    assert 60 <= clock.now - began <= 63
    with pytest.raises(LockLost, match="no longer belongs to dead"):
        dead.renew()
    heir.renew()


def test_the_same_worker_goes_on_with_its_lock(lock):
    ours = lock("run-1")
    ours.acquire()
    ours.acquire()


def test_two_workers_of_one_run_exclude_each_other(lock, clock):
    first = lock("run-1")
    first.acquire()
    clock.meanwhile = first.renew
    with pytest.raises(LockHeld, match="is held by run-1"):
        lock("run-1").acquire()


def test_it_is_free_after_the_block_also_after_an_error(lock):
    with pytest.raises(ValueError, match="boom"), lock("run-1").held():
        raise ValueError("boom")
    with lock("run-2").held():
        pass
    lock("run-3").acquire()


def test_a_stage_that_succeeded_hands_over_to_the_next_of_its_run_and_to_nobody_else(lock, clock):
    with lock("run-1").held(hand_over=True):
        pass
    clock.now += HANDOVER_SECONDS / 2
    with pytest.raises(LockHeld):
        lock("run-2").acquire()
    lock("run-1").acquire()


def test_a_stage_that_failed_does_not_hand_over(lock):
    with pytest.raises(ValueError, match="boom"), lock("run-1").held(hand_over=True):
        raise ValueError("boom")
    lock("run-2").acquire()


def test_releasing_a_lock_that_was_taken_over_leaves_it_to_the_new_owner(lock, clock):
    old, new = lock("old"), lock("new")
    old.acquire()
    clock.now += 120
    new.acquire()
    old.release()
    new.renew()
