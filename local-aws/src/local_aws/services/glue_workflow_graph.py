"""A workflow as a graph: triggers, jobs and crawlers, and which of them leads to which."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from local_aws.services.glue_trigger_definitions import public, target_of
from local_aws.wire import Params

Details = Callable[[str, str], Params]  # of a node (kind, name): its runs


def node_id(workflow: str, kind: str, name: str) -> str:
    return f"wnode_{hashlib.sha256(f'{workflow}/{kind}/{name}'.encode()).hexdigest()}"


def graph(workflow: str, triggers: list[Params], details: Details) -> Params:
    """Glue's WorkflowGraph."""
    targets = {target_of(part) for trigger in triggers for part in (*trigger["Actions"], *_conditions(trigger))}
    nodes = [_node(workflow, "TRIGGER", one["Name"], {"TriggerDetails": {"Trigger": public(one)}}) for one in triggers]
    nodes += [_node(workflow, kind, name, details(kind, name)) for kind, name in sorted(targets)]
    return {"Nodes": nodes, "Edges": [edge for trigger in triggers for edge in _edges(workflow, trigger)]}


def nodes_by_id(workflow: str, triggers: list[Params]) -> dict[str, tuple[str, str]]:
    """The jobs and crawlers of a graph by the ids that its nodes have."""
    targets = {target_of(action) for trigger in triggers for action in trigger["Actions"]}
    return {node_id(workflow, kind, name): (kind, name) for kind, name in targets}


def _node(workflow: str, kind: str, name: str, details: Params) -> Params:
    return {"Type": kind, "Name": name, "UniqueId": node_id(workflow, kind, name)} | details


def _edges(workflow: str, trigger: Params) -> list[Params]:
    here = node_id(workflow, "TRIGGER", trigger["Name"])
    before = [node_id(workflow, *target_of(condition)) for condition in _conditions(trigger)]
    after = [node_id(workflow, *target_of(action)) for action in trigger["Actions"]]
    pairs = [(source, here) for source in before] + [(here, destination) for destination in after]
    return [{"SourceId": source, "DestinationId": destination} for source, destination in dict.fromkeys(pairs)]


def _conditions(trigger: Params) -> list[Params]:
    return list(trigger.get("Predicate", {}).get("Conditions", []))
