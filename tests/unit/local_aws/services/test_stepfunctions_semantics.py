"""Where the emulator's interpreter differs from Amazon States Language, ours decides."""

import threading
import time

import pytest
from local_aws.services.stepfunctions_semantics import Semantics, end_after, retry_delay, watch_heartbeat
from ministack.services import stepfunctions as interpreter

Failure = interpreter._ExecutionError


@pytest.fixture
def asl():
    return Semantics(
        failure=Failure,
        tokens=interpreter._parse_jsonpath_tokens,
        resolve=interpreter._resolve_path,
        intrinsic=interpreter._evaluate_intrinsic,
        sleep=lambda _: None,
    )


def payload(asl, template, data, context=None):
    return asl.payload(None, template, data, context)


def test_parameters_find_their_paths_in_lists_too(asl):
    template = {"a.$": "$.x[1]", "b": [{"c.$": "$$.Execution.Name"}], "d.$": "States.Format('{}!', $.y)", "e": 5}
    found = payload(asl, template, {"x": [1, 2], "y": "hi"}, {"Execution": {"Name": "run-1"}})
    assert found == {"a": 2, "b": [{"c": "run-1"}], "d": "hi!", "e": 5}


def test_null_is_a_value_and_nothing_is_not(asl):
    assert payload(asl, {"a.$": "$.x"}, {"x": None}) == {"a": None}
    with pytest.raises(Failure, match=r"'\$\.missing' specified for the field 'a\.\$' could not be found"):
        payload(asl, {"a.$": "$.missing"}, {"x": None})


def test_a_function_that_fails_is_an_intrinsic_failure(asl):
    with pytest.raises(Failure) as failed:
        payload(asl, {"a.$": "States.StringToJson($.x)"}, {"x": "{"})
    assert failed.value.error == "States.IntrinsicFailure"


@pytest.mark.parametrize(
    ("names", "error", "expected"),
    [
        (["States.ALL"], "Glue.ThrottlingException", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.Runtime"], "States.Runtime", True),
        (["States.TaskFailed"], "ValueError", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["Other"], "ValueError", False),
    ],
)
def test_what_an_error_list_matches(asl, names, error, expected):
    assert asl.matches(None, names, error) is expected


def test_delays_grow_without_a_cap_but_the_one_that_is_given():
    retrier = {"IntervalSeconds": 30, "BackoffRate": 2}
    assert [retry_delay(retrier, n) for n in range(4)] == [30, 60, 120, 240]
    assert retry_delay(retrier | {"MaxDelaySeconds": 100}, 3) == 100
    assert 0 <= retry_delay(retrier | {"JitterStrategy": "FULL"}, 1) <= 60


def test_a_choice_on_nothing_ends_the_execution_unless_it_asks(asl):
    def rule(rule, data):
        return asl.rule(interpreter._evaluate_rule, rule, data)

    assert rule({"Variable": "$.x", "IsPresent": False}, {})
    assert rule({"Variable": "$.x", "IsPresent": True}, {"x": None})
    assert rule({"Variable": "$.x", "StringEquals": "a"}, {"x": "a"})
    with pytest.raises(Failure, match="Invalid path"):
        rule({"Variable": "$.x", "StringEquals": "a"}, {})


def test_a_map_needs_an_array(asl):
    with pytest.raises(Failure, match="must point to array"):
        asl.items(None, {"ItemsPath": "$.x"}, {"x": {"a": 1}}, {}, {})


def test_an_execution_ends_once(asl):
    execution = {"status": "ABORTED"}
    asl.fail(lambda *_: pytest.fail("it had ended"), execution, "E", "c")
    assert execution == {"status": "ABORTED"}


def test_a_machines_time_out_ends_what_still_runs():
    running, done = {"status": "RUNNING"}, {"status": "SUCCEEDED"}
    timers = [end_after(0.05, e, lambda execution: execution.update(status="TIMED_OUT")) for e in (running, done)]
    for timer in timers:
        timer.join()
    assert (running["status"], done["status"]) == ("TIMED_OUT", "SUCCEEDED")


def test_a_missing_heartbeat_fails_the_task():
    task = {"event": threading.Event(), "heartbeat": None, "error": None}
    began = time.monotonic()
    watch_heartbeat(0.5, lambda: task)
    assert task["event"].is_set()
    assert task["error"]["Error"] == "States.HeartbeatTimeout"
    assert time.monotonic() - began >= 0.5
