"""What reaches the people who subscribe to retail-alerts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from support import LocalAws


@dataclass(frozen=True)
class Inbox:
    """A queue that is subscribed to retail-alerts, as an operator's chat would be."""

    sqs: Any
    url: str

    def message_with(self, text: str, seconds: float = 30) -> dict[str, str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for received in self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=1).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=received["ReceiptHandle"])
                notification: dict[str, str] = json.loads(received["Body"])
                if text in notification["Message"]:
                    return notification
        raise AssertionError(f"no message about {text} reached retail-alerts within {seconds:.0f} s")


@contextmanager
def alerts_inbox(aws: LocalAws, name: str) -> Iterator[Inbox]:
    """Everything that retail-alerts says from now on, in a queue of this name."""
    sqs, sns = aws.client("sqs"), aws.client("sns")
    topic = aws.client("ssm").get_parameter(Name="/retail/alerts/topic_arn")["Parameter"]["Value"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    try:
        yield Inbox(sqs, url)
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=url)
