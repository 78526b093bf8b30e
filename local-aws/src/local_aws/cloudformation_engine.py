"""CloudFormation: the emulator reads templates and keeps stacks; resources are made by calls through the gateway.

The emulator's own makers write into its services' memory, past whatever runs behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from local_aws.services.cloudformation_kinds import KINDS, refused
from local_aws.services.cloudformation_maker import Made, Maker
from local_aws.services.cloudformation_resource import Call
from local_aws.store import Table
from local_aws.wire import Params

PACKAGE = "ministack.services.cloudformation"
HOOKS = {
    PACKAGE: ("_restore_state", "_stacks"),
    f"{PACKAGE}.changesets": ("_resolve_parameters",),
    f"{PACKAGE}.engine": (
        "_RULE_ACCOUNT_TYPES",
        "_parse_template",
        "_resolve_refs",
        "_rule_account_records",
        "_rule_inner_type",
    ),
    f"{PACKAGE}.handlers": ("_capabilities_enforced", "_resolve_parameters"),
    f"{PACKAGE}.provisioners": ("_REPLACING_PROPERTIES", "_RESOURCE_HANDLERS", "_STACK_TAG_PROPERTY"),
    f"{PACKAGE}.stacks": ("_add_event", "_runs_on_worker_thread", "_sends_back_failed_update"),
}
INTERRUPTED = "Local AWS ended meanwhile. What was made until then is in the stack: delete it, then deploy it again."


def make_by_calls(modules: dict[str, Any], client: Callable[[str], Any], resources: Table) -> None:
    """`modules`: of HOOKS; `client`: a boto3 client of the gateway, by service; `resources`: what stacks hold."""
    provisioners, stacks = modules[f"{PACKAGE}.provisioners"], modules[f"{PACKAGE}.stacks"]
    for name in [name for name in provisioners._RESOURCE_HANDLERS if refused(name)]:
        del provisioners._RESOURCE_HANDLERS[name]
    made, call = Made(resources), partial(_call, modules, client)
    for name, kind in KINDS.items():
        provisioners._RESOURCE_HANDLERS[name] = Maker(kind, call, made).handler()
        provisioners._REPLACING_PROPERTIES[name] = kind.fixed
        if kind.tags:
            provisioners._STACK_TAG_PROPERTY[name] = (kind.tags, "list")
    # Calls through the gateway wait for the event loop, so a thread makes them.
    _wrap(stacks, "_runs_on_worker_thread", _is_ours_or)
    # Of several calls some may have been done before one failed.
    _wrap(stacks, "_sends_back_failed_update", _is_ours_or)
    refuse = partial(_refuse_unknown, modules[f"{PACKAGE}.engine"])
    for name in ("changesets", "handlers"):
        _wrap(modules[f"{PACKAGE}.{name}"], "_resolve_parameters", refuse)
    modules[f"{PACKAGE}.handlers"]._capabilities_enforced = lambda: True
    _wrap(modules[PACKAGE], "_restore_state", partial(_restore, modules[PACKAGE], stacks, made))


def _wrap(module: Any, name: str, ours: Callable[..., Any]) -> None:
    """Put `ours` in the place of a function of the emulator; it gets the original after what is bound."""
    setattr(module, name, partial(ours, getattr(module, name)))


def _refuse_unknown(engine: Any, original: Callable[..., Params], *arguments: Any) -> Params:
    """A parameter that names a VPC, a subnet or a security group names one that is there."""
    resolved = original(*arguments)
    for name, parameter in resolved.items():
        kind, many = engine._rule_inner_type(parameter["Type"])
        known = engine._rule_account_records(kind)[0] if kind in engine._RULE_ACCOUNT_TYPES else None
        for value in parameter["Value"].split(",") if many else [parameter["Value"]]:
            if known is not None and value.strip() not in known:
                raise ValueError(
                    f"Parameter validation failed: parameter value {value} for parameter name {name} does not exist"
                )
    return resolved


def _is_ours_or(original: Callable[[str], bool], resource_type: str) -> bool:
    return resource_type in KINDS or original(resource_type)


def _call(modules: dict[str, Any], client: Callable[[str], Any], stack: str, logical_id: str) -> Call:
    stack_id = modules[PACKAGE]._stacks[stack]["StackId"] if stack else ""
    return Call(client, stack, logical_id, stack_id, partial(_attribute, modules, stack, logical_id))


def _attribute(modules: dict[str, Any], stack_name: str, logical_id: str, name: str) -> Any:
    """UpdatePolicy or CreationPolicy of a resource, in the template that is being applied."""
    engine, stack = modules[f"{PACKAGE}.engine"], modules[PACKAGE]._stacks[stack_name]
    template = engine._parse_template(stack["_template_body"])
    definition = template["Resources"].get(logical_id, {}).get(name)
    values = {each["ParameterKey"]: {"Value": each["ParameterValue"]} for each in stack["Parameters"]}
    mappings = template.get("Mappings", {})
    known = (stack["_resources"], values, stack["_conditions"], mappings, stack_name, stack["StackId"])
    return None if definition is None else engine._resolve_refs(definition, *known)


def _restore(package: Any, stacks: Any, made: Made, original: Callable[[Any], Any], data: Any) -> Any:
    """After a start of local AWS no operation goes on: those of before have failed, and say so."""
    answer = original(data)
    for stack in package._stacks.values():
        status = str(stack["StackStatus"])
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            stack["StackStatus"] = status.removesuffix("_IN_PROGRESS") + "_FAILED"
            stack["StackStatusReason"] = INTERRUPTED
            name, stack_id = stack["StackName"], stack["StackId"]
            kind = "AWS::CloudFormation::Stack"
            stacks._add_event(stack_id, name, name, kind, stack["StackStatus"], INTERRUPTED, stack_id)
            _complete(stack["_resources"], made.of(stack_id))
    return answer


def _complete(held: dict[str, Params], made: Iterable[Params]) -> None:
    """What was made and had not reached the stack's record, so that it goes with the stack."""
    for entry in made:
        if entry["LogicalResourceId"] not in held:
            held[entry["LogicalResourceId"]] = entry | {
                "ResourceStatus": "CREATE_FAILED",
                "Attributes": {},
                "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            }
