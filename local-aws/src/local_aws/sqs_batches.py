"""SQS event source mappings gather a batch for their window, and up to their size; the emulator takes ten at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

HOOKS_SQS = ("_collect_msgs", "_dlq_sweep", "_expire_retained", "_get_q", "_queues_lock", "_receive_messages_for_esm")
HOOKS_LAMBDA = ("_iter_all_esms",)


def gather(sqs: Any, functions: Any, clock: Callable[[], float] = time.time) -> None:
    """`sqs` and `functions` are the emulator's modules; its poller looks the function up at every turn."""
    sqs._receive_messages_for_esm = partial(_receive, sqs, functions, clock)


def _receive(sqs: Any, functions: Any, clock: Callable[[], float], queue_url: str, most: int) -> list[dict[str, Any]]:
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        now = clock()
        window = _window(functions, queue["attributes"].get("QueueArn"))
        waiting = [message for message in queue["messages"] if message.get("visible_at", 0) <= now]
        if not queue["is_fifo"] and not _due(waiting, int(most), window, now):
            return []
        # "MaximumBatchingWindowInSeconds": without a window Lambda takes ten messages at most.
        size = int(most) if window else min(int(most), 10)
        taken: list[dict[str, Any]] = sqs._collect_msgs(queue, size, int(queue["attributes"]["VisibilityTimeout"]))
        return taken


def _window(functions: Any, queue_arn: str | None) -> float:
    windows = [
        float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        for *_, mapping in functions._iter_all_esms()
        if mapping.get("EventSourceArn") == queue_arn
    ]
    return max(windows, default=0.0)


def _due(waiting: list[dict[str, Any]], most: int, window: float, now: float) -> bool:
    """A batch goes when it is full, or when its first message has waited for the window."""
    if not waiting:
        return False
    first = min(max(float(message["sent_at"]), float(message.get("visible_at", 0))) for message in waiting)
    return len(waiting) >= most or now - first >= window
