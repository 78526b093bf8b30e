"""The document of a chain: a start trigger's firing and all that follows from it. With a workflow it is a workflow run.

Its Actions are the jobs and crawlers that its triggers start, each under an id chosen before it starts, so that a
gateway killed in between starts none twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from local_aws.services.glue_trigger_definitions import is_watching, target_of
from local_aws.wire import Params

OPEN = frozenset({"RUNNING", "STOPPING"})
_COUNTED = {
    "SucceededActions": {"SUCCEEDED"},
    "FailedActions": {"FAILED"},
    "StoppedActions": {"STOPPED", "CANCELLED"},
    "TimeoutActions": {"TIMEOUT"},
    "ErroredActions": {"ERROR", "EXPIRED"},
    "WaitingActions": {"WAITING"},
    "RunningActions": {"PLANNED", "STARTING", "RUNNING", "STOPPING", "CANCELLING"},
}
_PUBLIC = (
    "Name", "WorkflowRunId", "PreviousRunId", "WorkflowRunProperties", "StartedOn", "CompletedOn", "Status",
    "ErrorMessage", "StartingEventBatchCondition",
)  # fmt: skip


def long_id(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex}{uuid4().hex}"


def new_chain(workflow: str | None, triggers: list[Params], properties: Params) -> Params:
    """A chain that has done nothing yet; `triggers` are the workflow's as they are now."""
    return {
        "Name": workflow,
        "WorkflowRunId": long_id("wr"),
        "WorkflowRunProperties": properties,
        "StartedOn": datetime.now(UTC),
        "Status": "RUNNING",
        "Triggers": triggers,
        "Fired": [],
        "Actions": [],
    }


def fire(chain: Params, trigger: Params) -> None:
    """Plan what a trigger starts. It fires once in a chain."""
    chain["Fired"].append(trigger["Name"])
    predecessors = [
        {"JobName": action["Name"], "RunId": action["Id"]}
        for condition in trigger.get("Predicate", {}).get("Conditions", [])
        for action in _meeting(condition, chain["Actions"])
        if action["Kind"] == "JOB"
    ]
    for wanted in trigger["Actions"]:
        kind, name = target_of(wanted)
        chain["Actions"].append(
            _planned(
                {
                    "Trigger": trigger["Name"],
                    "Kind": kind,
                    "Name": name,
                    "Wanted": wanted,
                    "Predecessors": predecessors,
                }
            )
        )


def _planned(action: Params) -> Params:
    """An action that is to be started, under a new id."""
    identifier = long_id("jr") if action["Kind"] == "JOB" else str(uuid4())
    lasting = {key: action[key] for key in ("Trigger", "Kind", "Name", "Wanted", "Predecessors")}
    return lasting | {"Id": identifier, "State": "PLANNED", "Settled": False}


def next_to_fire(chain: Params, triggers: list[Params]) -> Params | None:
    """A conditional trigger whose conditions are met now."""
    waiting = (one for one in triggers if is_watching(one) and one["Name"] not in chain["Fired"])
    return next((trigger for trigger in waiting if satisfied(trigger["Predicate"], chain["Actions"])), None)


def satisfied(predicate: Params, actions: list[Params]) -> bool:
    """AND needs every condition, ANY one of them."""
    met = [bool(_meeting(condition, actions)) for condition in predicate["Conditions"]]
    return any(met) if predicate.get("Logical") == "ANY" else all(met)


def _meeting(condition: Params, actions: list[Params]) -> list[Params]:
    kind, name = target_of(condition)
    state = condition.get("State") or condition.get("CrawlState")
    return [
        one for one in actions if one["Settled"] and (one["Kind"], one["Name"], one["State"]) == (kind, name, state)
    ]


def ended(chain: Params) -> bool:
    return all(action["Settled"] for action in chain["Actions"])


def workflow_run(chain: Params) -> Params:
    """Glue's WorkflowRun, without its graph."""
    return {key: chain[key] for key in _PUBLIC if chain.get(key) is not None} | {"Statistics": statistics(chain)}


def statistics(chain: Params) -> Params:
    """The total is of the workflow's graph: an action that was never started is in no other count."""
    states = [action["State"] for action in chain["Actions"]]
    planned = {(one["Name"], *target_of(action)) for one in chain["Triggers"] for action in one["Actions"]}
    counts = {name: sum(state in members for state in states) for name, members in _COUNTED.items()}
    return {"TotalActions": max(len(planned), len(states))} | counts


def resumed(chain: Params, nodes: set[tuple[str, str]]) -> Params:
    """A new chain that runs the nodes again and all that is downstream; the other actions count as they ended."""
    again, triggers = _downstream(chain["Triggers"], nodes)
    fresh = new_chain(chain["Name"], chain["Triggers"], chain["WorkflowRunProperties"])
    kept = [action for action in chain["Actions"] if (action["Kind"], action["Name"]) not in again]
    fresh["Fired"] = [name for name in chain["Fired"] if name not in triggers]
    repeated = [
        _planned(action)
        for action in chain["Actions"]
        if (action["Kind"], action["Name"]) in nodes and action["Trigger"] not in triggers
    ]  # fmt: skip
    fresh["Actions"] = kept + repeated
    return fresh | {"PreviousRunId": chain["WorkflowRunId"]}


def _downstream(triggers: list[Params], nodes: set[tuple[str, str]]) -> tuple[set[tuple[str, str]], set[str]]:
    """The nodes with all that follows from them, and the names of the triggers in between."""
    reached, passed = set(nodes), set[str]()
    while True:
        new = [
            trigger
            for trigger in triggers
            if trigger["Name"] not in passed
            and any(target_of(condition) in reached for condition in trigger.get("Predicate", {}).get("Conditions", []))
        ]
        if not new:
            return reached, passed
        for trigger in new:
            passed.add(trigger["Name"])
            reached |= {target_of(action) for action in trigger["Actions"]}
