"""One night for all who need one: retail-nightly runs four stages on Glue, which takes a minute or more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts_inbox import alerts_inbox
from support import LocalAws

RUN = "nightly-whole"


@dataclass(frozen=True)
class Night:
    """One execution of retail-nightly that published, and the message that people got of it."""

    execution: dict[str, Any]
    alert: dict[str, str]


def run_night(aws: LocalAws) -> Night:
    with alerts_inbox(aws, "nightly-test") as inbox:
        execution = aws.run_state_machine("retail-nightly", RUN)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        return Night(execution, inbox.message_with(RUN))
