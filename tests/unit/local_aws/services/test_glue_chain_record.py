"""How one job's end leads to the next one's start, and what a workflow run says of it."""

from typing import Any

from local_aws.services import glue_chain_record as record


def trigger(name: str, *jobs: str, after: dict[str, str] | None = None, logical: str = "AND", state: str = "ACTIVATED"):
    conditions = [{"JobName": job, "State": wanted} for job, wanted in (after or {}).items()]
    kind = {"Type": "CONDITIONAL", "Predicate": {"Logical": logical, "Conditions": conditions}}
    start = {"Type": "ON_DEMAND"}
    return {"Name": name, "State": state, "Actions": [{"JobName": job} for job in jobs]} | (kind if after else start)


def chain(*triggers: dict[str, Any]) -> dict[str, Any]:
    made = record.new_chain("flow", list(triggers), {})
    record.fire(made, triggers[0])
    return made


def end(made: dict[str, Any], **states: str) -> None:
    for action in made["Actions"]:
        if action["Name"] in states:
            action |= {"State": states[action["Name"]], "Settled": True}


def name_of_next(made: dict[str, Any]) -> str | None:
    following = record.next_to_fire(made, made["Triggers"])
    return following and following["Name"]


def test_a_job_starts_the_next_when_it_ends_as_was_waited_for():
    made = chain(trigger("start", "a"), trigger("then", "b", after={"a": "SUCCEEDED"}))
    assert name_of_next(made) is None
    end(made, a="SUCCEEDED")
    assert name_of_next(made) == "then"
    record.fire(made, made["Triggers"][1])
    assert name_of_next(made) is None
    assert made["Actions"][1]["Predecessors"] == [{"JobName": "a", "RunId": made["Actions"][0]["Id"]}]


def test_after_a_failure_only_what_waits_for_it_follows():
    made = chain(
        trigger("start", "a"),
        trigger("then", "b", after={"a": "SUCCEEDED"}),
        trigger("clean", "c", after={"a": "FAILED"}),
    )
    end(made, a="FAILED")
    assert name_of_next(made) == "clean"


def test_and_needs_all_and_any_needs_one():
    both = trigger("both", "c", after={"a": "SUCCEEDED", "b": "SUCCEEDED"})
    one = trigger("one", "d", after={"a": "SUCCEEDED", "b": "FAILED"}, logical="ANY")
    made = chain(trigger("start", "a", "b"), both, one)
    end(made, a="SUCCEEDED")
    assert name_of_next(made) == "one"
    record.fire(made, one)
    end(made, b="SUCCEEDED")
    assert name_of_next(made) == "both"


def test_a_trigger_that_is_off_does_not_fire():
    made = chain(trigger("start", "a"), trigger("then", "b", after={"a": "SUCCEEDED"}, state="DEACTIVATED"))
    end(made, a="SUCCEEDED")
    assert name_of_next(made) is None


def test_the_statistics_count_what_ran_against_the_whole_graph():
    made = chain(trigger("start", "a", "x"), trigger("then", "b", after={"a": "SUCCEEDED"}))
    end(made, a="FAILED", x="TIMEOUT")
    assert record.statistics(made) == {
        "TotalActions": 3, "SucceededActions": 0, "FailedActions": 1, "StoppedActions": 0, "TimeoutActions": 1,
        "ErroredActions": 0, "WaitingActions": 0, "RunningActions": 0,
    }  # fmt: skip
    assert record.ended(made)


def test_a_resumed_run_repeats_the_node_and_what_is_downstream():
    made = chain(
        trigger("start", "a"),
        trigger("then", "b", after={"a": "SUCCEEDED"}),
        trigger("last", "c", after={"b": "SUCCEEDED"}),
    )
    end(made, a="SUCCEEDED")
    record.fire(made, made["Triggers"][1])
    end(made, b="FAILED")
    again = record.resumed(made, {("JOB", "b")})
    assert again["PreviousRunId"] == made["WorkflowRunId"] != again["WorkflowRunId"]
    assert [(one["Name"], one["State"]) for one in again["Actions"]] == [("a", "SUCCEEDED"), ("b", "PLANNED")]
    assert again["Actions"][1]["Id"] != made["Actions"][1]["Id"]
    assert name_of_next(again) is None
    end(again, b="SUCCEEDED")
    assert name_of_next(again) == "last"
