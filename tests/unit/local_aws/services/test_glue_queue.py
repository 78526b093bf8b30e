"""Runs wait for their job's limit and for the machine, in the order they came."""

from local_aws.services.glue_queue import Queue


def test_one_run_at_a_time_and_first_come_first():
    queue = Queue(slots=1)
    queue.enter("a1", "a", limit=1)
    queue.enter("b1", "b", limit=1)
    assert not queue.admit("b1")
    assert queue.admit("a1")
    assert not queue.admit("b1")
    queue.leave("a1")
    assert queue.admit("b1")


def test_a_run_that_waits_for_its_own_job_does_not_hold_up_others():
    queue = Queue(slots=2)
    for run, job in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        queue.enter(run, job, limit=1)
    assert queue.admit("a1")
    assert not queue.admit("a2")
    assert queue.admit("b1")
    assert not queue.within_job_limit("a2")


def test_adopted_runs_keep_their_slot():
    queue = Queue(slots=1)
    queue.enter("adopted", "a", limit=1, running=True)
    queue.enter("next", "b", limit=1)
    assert not queue.admit("next")
    assert queue.count("a") == 1
