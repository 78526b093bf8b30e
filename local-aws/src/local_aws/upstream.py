"""The emulator behind the gateway: ministack, booted in this process. The only file that knows its internals.

Every internal name used here is looked up at boot; one that is gone stops the start with a sentence that says which.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from local_aws import cloudformation_engine, full_disk, multipart_tags, ranged_reads, s3_event_versions, sqs_batches
from local_aws.asgi import Receive, Scope, Send, replay
from local_aws.context import client_for
from local_aws.durable import StateSource
from local_aws.services import lambda_isolation
from local_aws.services.glue_workflow_events import Mailbox, is_workflow
from local_aws.services.lambda_unpacking import SharedUnpacking
from local_aws.services.logs_metric_filters import emit
from local_aws.services.schedule_clock import Clock, Expressions
from local_aws.services.stepfunctions import Integration, Integrations, TaskFailed
from local_aws.services.stepfunctions_logs import ExecutionLogs
from local_aws.services.stepfunctions_semantics import Semantics, end_after, watch_heartbeat
from local_aws.settings import ACCOUNT, REGION, Settings
from local_aws.store import Table
from local_aws.wire import AwsRequest, HttpRequest, HttpResponse, Params, parse_response, with_params

VERSION = "1.5.33"
STARTING_SECONDS = 20
_LOG_STORES = ("log_groups", "destinations", "resource_policies", "log_group_policies", "metric_filters", "queries",
               "log_records", "delivery_sources", "delivery_destinations", "deliveries")  # fmt: skip
_METRIC_STORES = ("metrics", "alarms", "composite_alarms", "composite_triggers", "alarm_history", "dashboards",
                  "resource_tags")  # fmt: skip
_FUNCTION_STORES = (
    "_functions",
    "_layers",
    "_esms",
    "_function_urls",
    "_kinesis_positions",
    "_dynamodb_stream_positions",
)
_HOOKED = {
    "ministack.app": ("app", "SERVICE_REGISTRY", "_state_map", "_loaded_modules", "_get_module", "_with_date_header"),
    "ministack.core.persistence": ("STATE_DIR", "_json_default", "_state_format_version"),
    "ministack.core.router": ("detect_service",),
    "ministack.core.lambda_runtime": (
        "_detect_runtime_binary", "INVOKE_DEPTH_BOOTSTRAP", "_sub_runtime_tokens", "Worker", "zipfile",
    ),
    **cloudformation_engine.HOOKS,
    "ministack.services.cloudwatch": ("record_metric", *(f"_{name}" for name in _METRIC_STORES)),
    "ministack.services.eventbridge": (
        "_put_events", "_parse_rate_seconds", "_parse_cron_fields", "_cron_next_fire", "_invoke_target",
        *s3_event_versions.HOOKS_BUS,
    ),
    "ministack.services.cloudwatch_logs": (
        *(f"_{name}" for name in _LOG_STORES), "_fanout_to_subscription_filters",
    ),
    "ministack.services.glue": ("_ALL_STATE",),
    "ministack.services.lambda_svc": (
        "_execute_function_warm", "_throttle_response", *_FUNCTION_STORES, *sqs_batches.HOOKS_LAMBDA,
    ),
    "ministack.services.s3": (
        *full_disk.HOOKS, *multipart_tags.HOOKS, *ranged_reads.HOOKS, *s3_event_versions.HOOKS_S3,
    ),
    "ministack.services.scheduler": ("_schedules", "_schedule_last_fired", "_tick_schedules"),
    "ministack.services.sqs": sqs_batches.HOOKS_SQS,
    "ministack.services.stepfunctions": (
        "_SERVICE_DISPATCH", "_ExecutionError", "_add_event", "_apply_input_path", "_apply_jsonata_arguments",
        "_apply_jsonata_output", "_apply_output_path", "_apply_state_assign", "_emit_execution_status_event",
        "_error_matches", "_eval_intrinsic_arg", "_evaluate_intrinsic", "_evaluate_rule", "_execute_task",
        "_executions", "_fail_execution", "_find_matching_retrier", "_invoke_with_callback",
        "_parse_jsonpath_tokens", "_resolve_params_obj", "_resolve_path", "_run_execution", "_run_map_items",
        "_run_parallel_branches", "_run_sub_machine", "_state_machines", "_state_query_language",
        "_task_tokens", "now_iso",
    ),
}  # fmt: skip


class UpstreamError(Exception):
    """The emulator is not the one that local AWS was written for."""


def environment(settings: Settings) -> dict[str, str]:
    """What ministack reads from the environment, at import: local only, durable, no containers, no extra listeners."""
    home = settings.state / "ministack"
    return {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.state / "s3"),
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{home / 'no-docker.sock'}",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


@dataclass
class Upstream:
    """ministack's ASGI application, and a way to call it without a socket."""

    app: Callable[[Scope, Receive, Send], Any]
    modules: dict[str, Any]

    async def call(self, request: AwsRequest, params: Params | None = None) -> Params:
        """Forward a call, with other parameters when given; returns the parsed result or raises AwsError."""
        forwarded = request if params is None else with_params(request, params)
        return parse_response(forwarded, await self.forward(forwarded.http))

    async def forward(self, http: HttpRequest) -> HttpResponse:
        """Answer one whole request in memory."""
        status, headers, chunks = 500, {}, []

        async def send(message: Any) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                chunks.append(message.get("body", b""))

        await self.app(_scope(http), replay(http.body), send)
        return HttpResponse(status, headers, b"".join(chunks))

    def service_of(self, method: str, path: str, headers: dict[str, str], query: Any) -> str:
        """The registry's name of the service that a request goes to ("s3", "states", …)."""
        return str(self.modules["ministack.core.router"].detect_service(method, path, headers, query))

    def state_key(self, service: str) -> str | None:
        """The name of a service's state file; None for one without state."""
        entry = self.modules["ministack.app"].SERVICE_REGISTRY.get(service)
        return str(entry.get("state_key", entry["module"])) if entry else None

    def state_sources(self) -> dict[str, StateSource]:
        """State key → how to read it, for every service in use. Large states are read in place."""
        main = self.modules["ministack.app"]
        sources = {}
        for key, name in main._state_map.items():
            module = main._loaded_modules.get(name) or sys.modules.get(f"ministack.services.{name}")
            if key == "glue" and module is not None:
                sources[key] = StateSource(partial(getattr, module, "_ALL_STATE"), live=True)
            elif key == "cloudwatch_logs" and module is not None:
                sources[key] = StateSource(partial(_log_stores, module), live=True, mark=partial(_log_sizes, module))
            elif key == "cloudwatch" and module is not None:
                sources[key] = StateSource(partial(_metric_stores, module), live=True)
            elif key == "lambda" and module is not None:
                sources[key] = StateSource(module.get_state, mark=partial(_function_marks, module))
            elif module is not None and hasattr(module, "get_state"):
                sources[key] = StateSource(module.get_state)
        return sources

    def document(self, key: str, state: Any) -> tuple[Any, Callable[[Any], Any]]:
        """A state as ministack's own loader expects it on disk, and the encoder for its special types."""
        persistence = self.modules["ministack.core.persistence"]
        wrapped = {"__ministack_format__": persistence._state_format_version(key), "payload": state}
        return wrapped, persistence._json_default


def _log_stores(logs: Any) -> dict[str, Any]:
    """What its get_state copies, without the copy."""
    return {name: getattr(logs, f"_{name}") for name in _LOG_STORES}


def _metric_stores(metrics: Any) -> dict[str, Any]:
    """As for the logs: to copy every point of two weeks' metrics took longer than what was measured."""
    return {name: getattr(metrics, f"_{name}") for name in _METRIC_STORES}


def _function_marks(functions: Any) -> object:
    """Everything but the layers' and functions' megabytes, of which the hash will do."""
    return [_mark(getattr(functions, name)._data) for name in _FUNCTION_STORES]


def _mark(value: Any) -> object:
    if isinstance(value, dict):
        return [(key, _mark(entry)) for key, entry in list(value.items())]
    if isinstance(value, list | tuple):
        return [_mark(entry) for entry in value]
    return hash(value) if isinstance(value, bytes) else value


def _log_sizes(logs: Any) -> object:
    """Changes with every event, stream and group."""
    groups = list(logs._log_groups._data.items())
    return [(key, [len(stream["events"]) for stream in list(group["streams"].values())]) for key, group in groups]


def boot(settings: Settings) -> Upstream:
    """Import ministack with our environment. Its own start-up runs with the ASGI lifespan."""
    values = environment(settings)
    for folder in (values["STATE_DIR"], values["S3_DATA_DIR"]):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    os.environ.update(values)
    modules = {name: importlib.import_module(name) for name in _HOOKED}
    check_hooks(modules)
    multipart_tags.keep_tags(modules["ministack.services.s3"])
    full_disk.refuse_lost_writes(modules["ministack.services.s3"])
    ranged_reads.read_ranges(modules["ministack.services.s3"])
    _isolate_functions(modules, settings)
    _correct_step_functions(modules, settings)
    _keep_time(modules)
    _notify_workflows(modules["ministack.services.eventbridge"], settings)
    _emit_metrics(modules)
    s3_event_versions.name_versions(modules["ministack.services.s3"], modules["ministack.services.eventbridge"])
    sqs_batches.gather(modules["ministack.services.sqs"], modules["ministack.services.lambda_svc"])
    made = Table(settings.state / "services.sqlite", "cloudformation.resources")
    cloudformation_engine.make_by_calls(modules, lambda service: client_for(service, settings), made)
    return Upstream(modules["ministack.app"].app, modules)


def check_hooks(modules: dict[str, Any]) -> None:
    """Every internal that we rely on must be there."""
    missing = [f"{name}.{attribute}" for name, names in _HOOKED.items() for attribute in names
               if not hasattr(modules[name], attribute)]  # fmt: skip
    if missing:
        raise UpstreamError(
            f"ministack has no {', '.join(missing)}: local AWS was written for ministack {VERSION}. "
            "Install the locked version with `uv sync`."
        )


def emit_event(source: str, detail_type: str, detail: Params, resources: list[str]) -> None:
    """Put an event of AWS's own (source aws.…, which PutEvents refuses) on the default bus."""
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": resources}
    importlib.import_module("ministack.services.eventbridge")._put_events({"Entries": [entry]}, allow_aws_source=True)


def record_metric(namespace: str, name: str, value: float, unit: str, dimensions: dict[str, str]) -> None:
    """A data point of AWS's own namespaces, which PutMetricData refuses."""
    importlib.import_module("ministack.services.cloudwatch").record_metric(namespace, name, value, unit, dimensions)


def schedule_expressions() -> Expressions:
    """The emulator's parsers of rate(…) and cron(…)."""
    bus = importlib.import_module("ministack.services.eventbridge")
    return Expressions(bus._parse_rate_seconds, bus._parse_cron_fields, bus._cron_next_fire)


def _wrap(module: Any, name: str, ours: Callable[..., Any]) -> None:
    """Put `ours` in the place of a function of the emulator; it gets the original as its first argument."""
    setattr(module, name, partial(ours, getattr(module, name)))


def _isolate_functions(modules: dict[str, Any], settings: Settings) -> None:
    """Python functions run in our worker, with the Python of the lambda-runtime environment, in our state folder."""
    runtime = modules["ministack.core.lambda_runtime"]
    scratch = settings.state / "lambda"
    shutil.rmtree(scratch, ignore_errors=True)  # a killed gateway leaves its functions' folders behind
    scratch.mkdir(parents=True, mode=0o700)
    tempfile.tempdir = str(scratch)

    def detect(original: Callable[[str], tuple[str, str]], name: str) -> tuple[str, str]:
        if not name.startswith("python"):
            return original(name)
        source = runtime.INVOKE_DEPTH_BOOTSTRAP + runtime._sub_runtime_tokens(lambda_isolation.worker_script(name))
        return lambda_isolation.interpreter(settings), source

    _wrap(runtime, "_detect_runtime_binary", detect)
    runtime.zipfile = SharedUnpacking(scratch / "unpacked")
    # More environments than processors that start at once only make each other late.
    starting = threading.BoundedSemaphore(os.cpu_count() or 1)

    start = runtime.Worker._spawn

    def spawn(worker: Any) -> None:
        with starting:
            start(worker)

    runtime.Worker._spawn = spawn
    functions = modules["ministack.services.lambda_svc"]
    _wrap(functions, "_execute_function_warm", lambda original, *call: lambda_isolation.reshaped(original(*call)))
    _wrap(functions, "_throttle_response", lambda original, **why: lambda_isolation.throttled(original(**why)))


def _keep_time(modules: dict[str, Any]) -> None:
    """EventBridge Scheduler fires in the schedule's time zone."""
    scheduler, bus = modules["ministack.services.scheduler"], modules["ministack.services.eventbridge"]
    schedules = scheduler._schedules._data

    def fire(_key: Any, schedule: Params) -> None:
        event = {
            "EventId": str(uuid4()),
            "Source": "aws.scheduler",
            "DetailType": "Scheduled Event",
            "Detail": "{}",
            "Time": time.time(),
            "Resources": [schedule["Arn"]],
            "Account": ACCOUNT,
            "Region": REGION,
        }
        bus._invoke_target(schedule["Target"], event, schedule)

    expressions = Expressions(bus._parse_rate_seconds, bus._parse_cron_fields, bus._cron_next_fire)
    clock = Clock(expressions, fire, lambda key: schedules.pop(key, None))
    scheduler._tick_schedules = lambda: clock.tick(schedules, scheduler._schedule_last_fired, time.time())


def _notify_workflows(bus: Any, settings: Settings) -> None:
    """A Glue workflow is a target of rules; the emulator knows it as none."""
    mailbox = Mailbox(Table(settings.state / "services.sqlite", "glue.workflow_events"))

    def invoke(original: Any, target: Params, event: Params, *more: Any, **named: Any) -> None:
        if is_workflow(target.get("Arn", "")):
            mailbox.put(target["Arn"], str(event["EventId"]))
        else:
            original(target, event, *more, **named)

    _wrap(bus, "_invoke_target", invoke)


def _emit_metrics(modules: dict[str, Any]) -> None:
    """Every batch of log events, of clients and of functions, passes the metric filters of its group."""
    logs, cloudwatch = modules["ministack.services.cloudwatch_logs"], modules["ministack.services.cloudwatch"]

    def fan_out(original: Any, group: str, stream: str, events: list[Params]) -> None:
        filters = [one for (name, _), one in list(logs._metric_filters.items()) if name == group]
        if filters:
            emit(filters, [event.get("message", "") for event in events], cloudwatch.record_metric)
        original(group, stream, events)

    _wrap(logs, "_fanout_to_subscription_filters", fan_out)


def _correct_step_functions(modules: dict[str, Any], settings: Settings) -> None:
    """Integrations through the gateway, and the corrections of stepfunctions_semantics."""
    states = modules["ministack.services.stepfunctions"]
    integrations = Integrations(lambda service: client_for(service, settings))
    for prefix, integration in integrations.by_prefix().items():
        states._SERVICE_DISPATCH[prefix] = partial(_integrate, states._ExecutionError, integration)
    logs = ExecutionLogs(lambda service: client_for(service, settings))
    asl = Semantics(
        failure=states._ExecutionError,
        tokens=states._parse_jsonpath_tokens,
        resolve=states._resolve_path,
        intrinsic=states._evaluate_intrinsic,
    )
    for name, ours in (
        ("_resolve_params_obj", asl.payload),
        ("_eval_intrinsic_arg", asl.argument),
        ("_apply_input_path", partial(asl.input_or_output, "InputPath")),
        ("_apply_output_path", partial(asl.input_or_output, "OutputPath")),
        ("_run_map_items", asl.items),
        ("_run_map_items", asl.together),
        ("_evaluate_rule", asl.rule),
        ("_error_matches", asl.matches),
        ("_find_matching_retrier", asl.retrier),
        ("_execute_task", asl.task),
        ("_fail_execution", asl.fail),
        ("_run_sub_machine", asl.branch),
        ("_run_parallel_branches", partial(_parallel, states)),
        ("_run_parallel_branches", asl.together),
        ("_run_execution", partial(_run_in_time, states)),
        ("_invoke_with_callback", partial(_await_heartbeats, states)),
        ("_emit_execution_status_event", partial(_count_executions, modules["ministack.services.cloudwatch"])),
        ("_emit_execution_status_event", partial(_log_start, states, logs)),
        ("_add_event", partial(_log_event, states, logs)),
    ):
        _wrap(states, name, ours)


def _integrate(failure: Any, integration: Integration, resource: str, params: Any) -> Any:
    try:
        return integration(resource, params)
    except TaskFailed as failed:
        raise failure(failed.error, failed.cause) from failed


def _parallel(states: Any, original: Any, *call: Any) -> Any:
    """A Parallel state in JSONata has Arguments, Output and Assign, which the emulator leaves out."""
    state, data, execution, context = call
    if states._state_query_language(state, context) != "JSONata":
        return original(state, data, execution, context)
    arguments = states._apply_jsonata_arguments(state, data, context)
    plain = {name: state[name] for name in ("Branches", "Next", "End") if name in state}
    results, following = original(plain, arguments, execution, context)
    output = states._apply_jsonata_output(state, data, context, result=results, default=results)
    states._apply_state_assign(state, data, context, result=results)
    return output, following


def _run_in_time(states: Any, original: Any, arn: str) -> None:
    """Run an execution; TimeoutSeconds of its machine ends it as TIMED_OUT."""
    execution = states._executions.get(arn) or {}
    machine = states._state_machines.get(execution.get("stateMachineArn")) or {}
    seconds = json.loads(machine.get("definition") or "{}").get("TimeoutSeconds")

    def time_out(late: Params) -> None:
        late.update(status="TIMED_OUT", stopDate=states.now_iso())
        states._add_event(late, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}})
        states._emit_execution_status_event(late)

    timer = end_after(float(seconds), execution, time_out) if seconds else None
    try:
        original(arn)
    finally:
        if timer is not None:
            timer.cancel()


def _await_heartbeats(states: Any, original: Any, *call: Any) -> Any:
    """A task that waits for its token fails when it does not hear of it for HeartbeatSeconds."""
    _resource, _data, token, state = call
    seconds = state.get("HeartbeatSeconds")
    if seconds:
        scope = contextvars.copy_context()
        watch = partial(scope.run, watch_heartbeat, float(seconds), lambda: states._task_tokens.get(token))
        threading.Thread(target=watch, daemon=True, name="states-heartbeat").start()
    return original(*call)


def _log_event(states: Any, logs: ExecutionLogs, original: Any, *call: Any) -> Any:
    """Every event of an execution's history goes to its machine's log group too."""
    event = original(*call)
    machine = states._state_machines.get(call[0]["stateMachineArn"])
    if machine:
        logs.record(machine, call[0], event)
    return event


def _log_start(states: Any, logs: ExecutionLogs, original: Any, execution: Params) -> None:
    """The first event is the one that the emulator writes by hand."""
    machine = states._state_machines.get(execution["stateMachineArn"])
    if machine and execution["status"] == "RUNNING":
        logs.record(machine, execution, execution["events"][0])
    original(execution)


def _count_executions(cloudwatch: Any, original: Any, execution: Params) -> None:
    """The metrics of AWS/States that alarms watch."""
    original(execution)
    status = str(execution["status"])
    ends = {"SUCCEEDED": "Succeeded", "FAILED": "Failed", "ABORTED": "Aborted", "TIMED_OUT": "TimedOut"}
    dimensions = {"StateMachineArn": execution["stateMachineArn"]}
    name = f"Executions{ends.get(status, 'Started')}"
    cloudwatch.record_metric("AWS/States", name, 1, "Count", dimensions)


def _scope(http: HttpRequest) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": http.method,
        "scheme": "http",
        "path": unquote(http.path),
        "raw_path": http.path.encode(),
        "query_string": http.query_string.encode(),
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in http.headers.items()],
        "client": ("127.0.0.1", 0),
    }


async def run_lifespan(app: Callable[[Scope, Receive, Send], Any]) -> Callable[[], Any]:
    """Start ministack's background work; returns the coroutine function that stops it (and saves its state)."""
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    outbox: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan"}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    await outbox.get()

    async def stop() -> None:
        await inbox.put({"type": "lifespan.shutdown"})
        await outbox.get()
        await task

    return stop
