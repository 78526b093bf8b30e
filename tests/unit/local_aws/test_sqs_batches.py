"""When a mapping of a queue takes a batch: full, or its first message has waited for the window."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from local_aws.sqs_batches import gather

ARN = "arn:aws:sqs:us-east-1:000000000000:q"


class Queue:
    """The emulator's queue as its own code keeps it, with a clock of the test's."""

    def __init__(self, window: float) -> None:
        self.now = 1000.0
        self.messages: list[dict[str, Any]] = []
        attributes = {"QueueArn": ARN, "VisibilityTimeout": "30"}
        self.queue = {"attributes": attributes, "messages": self.messages, "is_fifo": False}
        self.sqs = SimpleNamespace(
            _queues_lock=threading.RLock(),
            _get_q=lambda _: self.queue,
            _expire_retained=lambda _: None,
            _dlq_sweep=lambda _: None,
            _collect_msgs=self._collect,
        )
        mapping = {"EventSourceArn": ARN, "MaximumBatchingWindowInSeconds": window}
        functions = SimpleNamespace(_iter_all_esms=lambda: iter([("account", "region", mapping)]))
        gather(self.sqs, functions, clock=lambda: self.now)

    def _collect(self, queue: dict[str, Any], most: int, _visible: int) -> list[dict[str, Any]]:
        taken, self.messages[:] = self.messages[:most], self.messages[most:]
        return taken

    def send(self, count: int) -> None:
        self.messages += [{"sent_at": self.now, "visible_at": self.now} for _ in range(count)]

    def take(self, most: int) -> int:
        return len(self.sqs._receive_messages_for_esm("url", most))


def test_messages_gather_for_the_window_that_begins_with_the_first() -> None:
    queue = Queue(window=5)
    queue.send(1)
    queue.now += 4
    queue.send(30)
    assert queue.take(1000) == 0
    queue.now += 1
    assert queue.take(1000) == 31
    assert queue.take(1000) == 0


def test_a_full_batch_does_not_wait() -> None:
    queue = Queue(window=300)
    queue.send(25)
    assert [queue.take(20), queue.take(20)] == [20, 0]


@pytest.mark.parametrize(("sent", "taken"), [(3, 3), (30, 10)])
def test_without_a_window_ten_at_most_go_at_once(sent: int, taken: int) -> None:
    queue = Queue(window=0)
    queue.send(sent)
    assert queue.take(1000) == taken
