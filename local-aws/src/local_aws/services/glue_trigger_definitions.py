"""Trigger definitions, kept as GetTrigger answers them, and what Glue refuses in them.

Sources: AWS Glue Developer Guide, "AWS Glue triggers" and "Overview of workflows" (its restrictions).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from local_aws.services.glue_jobs import invalid
from local_aws.services.glue_timetable import Entry, check_schedule
from local_aws.settings import ACCOUNT, REGION
from local_aws.store import Table
from local_aws.wire import AwsError, Params

STARTS = frozenset({"SCHEDULED", "ON_DEMAND", "EVENT"})  # the types that can begin a workflow
_JOB_STATES = {"SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT"}
_CRAWL_STATES = {"SUCCEEDED", "FAILED", "CANCELLED"}
_CHANGEABLE = ("Description", "Schedule", "Actions", "Predicate", "EventBatchingCondition")
_MOST_CRAWLERS = 2


def trigger_arn(name: str) -> str:
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:trigger/{name}"


class TriggerDefinitions:
    """`known` says whether there is a job or crawler (kind, name) to start."""

    def __init__(self, table: Table, workflows: Table, known: Callable[[str, str], bool]) -> None:
        self.table, self._workflows, self._known = table, workflows, known

    def create(self, params: Params) -> None:
        name, kind = params["Name"], params["Type"]
        if name in self.table:
            raise AwsError("AlreadyExistsException", f"Trigger with name {name} already submitted")
        if kind == "ON_DEMAND" and params.get("StartOnCreation"):
            raise invalid("StartOnCreation is not supported for ON_DEMAND triggers.")
        workflow = params.get("WorkflowName")
        self._check_workflow(kind, workflow)
        active = bool(params.get("StartOnCreation")) and kind in ("SCHEDULED", "CONDITIONAL")
        trigger = {"Name": name, "Type": kind, "State": "ACTIVATED" if active else "CREATED"}
        self._store(trigger | ({"WorkflowName": workflow} if workflow else {}) | _given(params))

    def update(self, name: str, changes: Params) -> Params:
        """The new definition takes the place of the old one: what is left out is gone."""
        trigger = self.get(name)
        kept = {key: trigger[key] for key in ("Name", "Type", "State", "WorkflowName") if key in trigger}
        self._store(kept | _given(changes))
        return self.get(name)

    def get(self, name: str) -> Params:
        try:
            return self.table[name]
        except KeyError:
            raise AwsError("EntityNotFoundException", f"Trigger with name {name} not found") from None

    def delete(self, name: str) -> None:
        """Idempotent: Glue raises nothing for a trigger that is not there."""
        self.table.pop(name, None)

    def switch(self, name: str, *, on: bool) -> None:
        """StartTrigger and StopTrigger of what waits for a time or an event."""
        kind = self.get(name)["Type"]
        active = "CREATED" if kind == "EVENT" else "ACTIVATED"
        if kind != "ON_DEMAND":
            self.table.update_fields(name, State=active if on else "DEACTIVATED", Changed=datetime.now(UTC))

    def of_workflow(self, workflow: str) -> list[Params]:
        return [trigger for trigger in self.table.values() if trigger.get("WorkflowName") == workflow]

    def watching(self) -> list[Params]:
        """The conditional triggers outside of workflows that are on."""
        return [one for one in self.table.values() if is_watching(one) and not one.get("WorkflowName")]

    def scheduled(self) -> list[Entry]:
        triggers = [one for one in self.table.values() if (one["Type"], one["State"]) == ("SCHEDULED", "ACTIVATED")]
        return [Entry(one["Name"], one["Schedule"], one["Changed"]) for one in triggers]

    def listening(self) -> dict[str, Params]:
        """The EVENT triggers that are on, by workflow."""
        on = [one for one in self.table.values() if (one["Type"], one["State"]) == ("EVENT", "CREATED")]
        return {one["WorkflowName"]: one for one in on}

    def starting(self, job: str) -> list[Params]:
        """The triggers that start a job (DependentJobName)."""
        return [one for one in self.table.values() if any(action.get("JobName") == job for action in one["Actions"])]

    def _store(self, trigger: Params) -> None:
        _check_kind(trigger)
        self._check_actions(trigger)
        self.table[trigger["Name"]] = trigger | {"Changed": datetime.now(UTC)}

    def _check_workflow(self, kind: str, workflow: str | None) -> None:
        if workflow is None:
            if kind == "EVENT":
                raise invalid("An EVENT trigger starts a workflow: WorkflowName is required.")
            return
        if workflow not in self._workflows:
            raise AwsError("EntityNotFoundException", f"Workflow with name {workflow} not found")
        if kind in STARTS and any(one["Type"] in STARTS for one in self.of_workflow(workflow)):
            raise invalid(f"Workflow {workflow} has a starting trigger already: only one is permitted.")

    def _check_actions(self, trigger: Params) -> None:
        actions = trigger.get("Actions") or []
        if not actions:
            raise invalid("Actions: at least one action is required.")
        for action in actions:
            if bool(action.get("JobName")) == bool(action.get("CrawlerName")):
                raise invalid("Each action names either a JobName or a CrawlerName.")
            kind, name = target_of(action)
            if not self._known(kind, name):
                raise AwsError("EntityNotFoundException", f"{kind.capitalize()} {name} not found.")
        if sum("CrawlerName" in action for action in actions) > _MOST_CRAWLERS:
            raise invalid(f"A trigger can start {_MOST_CRAWLERS} crawlers at most.")


def target_of(part: Params) -> tuple[str, str]:
    """What an action starts or a condition watches: ("JOB", name) or ("CRAWLER", name)."""
    return ("CRAWLER", part["CrawlerName"]) if part.get("CrawlerName") else ("JOB", part["JobName"])


def is_watching(trigger: Params) -> bool:
    return (trigger["Type"], trigger["State"]) == ("CONDITIONAL", "ACTIVATED")


def public(trigger: Params) -> Params:
    """The members that Glue answers."""
    return {key: value for key, value in trigger.items() if key != "Changed"}


def _given(params: Params) -> Params:
    return {key: params[key] for key in _CHANGEABLE if params.get(key)}


def _check_kind(trigger: Params) -> None:
    conditions = trigger.get("Predicate", {}).get("Conditions") or []
    match trigger["Type"]:
        case "SCHEDULED":
            if not trigger.get("Schedule"):
                raise invalid("Schedule is required for a SCHEDULED trigger.")
            check_schedule(trigger["Schedule"])
        case "CONDITIONAL":
            if not conditions:
                raise invalid("Predicate with at least one condition is required for a CONDITIONAL trigger.")
            for condition in conditions:
                _check_condition(condition)
            if len(conditions) > 1 and not trigger["Predicate"].get("Logical"):
                raise invalid("Predicate.Logical (AND or ANY) is required with more than one condition.")


def _check_condition(condition: Params) -> None:
    if bool(condition.get("JobName")) == bool(condition.get("CrawlerName")):
        raise invalid("Each condition names either a JobName or a CrawlerName.")
    job = "JobName" in condition
    state, watchable = (condition.get("State"), _JOB_STATES) if job else (condition.get("CrawlState"), _CRAWL_STATES)
    if state not in watchable:
        raise invalid(f"A trigger cannot watch for state {state}: {', '.join(sorted(watchable))} are possible.")
