"""What a state machine's log level takes, and how a line looks."""

import pytest
from local_aws.services.stepfunctions_logs import log_event, stream_name, wanted

EXECUTION = {"executionArn": "arn:e", "name": "run-1", "startDate": "2026-01-02T03:04:05.000Z"}


@pytest.mark.parametrize(
    ("level", "taken"),
    [
        ("OFF", []),
        ("FATAL", ["ExecutionFailed"]),
        ("ERROR", ["TaskFailed", "FailStateEntered", "ExecutionFailed"]),
        ("ALL", ["TaskSucceeded", "TaskFailed", "FailStateEntered", "ExecutionFailed"]),
    ],
)
def test_levels(level, taken):
    kinds = ["TaskSucceeded", "TaskFailed", "FailStateEntered", "ExecutionFailed"]
    assert [kind for kind in kinds if wanted(level, kind)] == taken


def test_a_line_keeps_data_to_itself_unless_told():
    event = {
        "id": 2,
        "type": "TaskFailed",
        "timestamp": "2026-01-02T03:04:06.500Z",
        "taskFailedEventDetails": {"error": "E", "output": "secret"},
    }
    line = log_event(EXECUTION, event, with_data=False)
    assert line == {
        "id": "2",
        "type": "TaskFailed",
        "details": {"error": "E"},
        "previous_event_id": "1",
        "event_timestamp": "1767323046500",
        "execution_arn": "arn:e",
    }
    assert log_event(EXECUTION, event, with_data=True)["details"]["output"] == "secret"
    assert stream_name("retail-nightly", EXECUTION) == "states/retail-nightly/2026-01-02-03-04/run-1"
