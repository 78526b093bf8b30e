"""Amazon States Language where the emulator's interpreter differs from it.

Each function takes the emulator's own as `original` and keeps its signature; `upstream` puts them in place. Source:
"Error handling in Step Functions workflows" and "Processing input and output" in AWS's developer guide.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from local_aws.services.stepfunctions import ABORTED, CURRENT, Branches, Running

State = dict[str, Any]
_BRANCHES: ContextVar[tuple[Branches, ...]] = ContextVar("step_functions_branches", default=())
UNCATCHABLE = frozenset({"States.Runtime", "States.DataLimitExceeded"})


@dataclass(frozen=True)
class Semantics:
    """`failure(error, cause)` makes the interpreter's exception; `tokens(path)` parses a JSONPath, or gives None."""

    failure: Callable[[str, str], Exception]
    tokens: Callable[[str], list[tuple[str, Any]] | None]
    resolve: Callable[[str, Any], Any]
    intrinsic: Callable[[str, Any, Any], Any]
    sleep: Callable[[float], None] = time.sleep

    # --- paths

    def exists(self, path: str, data: Any) -> bool:
        """Whether a path leads anywhere; wildcards always do."""
        values = [data]
        for kind, key in self.tokens(path) or []:
            if kind == "wildcard":
                return True
            found = [
                value[key]
                for value in values
                if (kind == "field" and isinstance(value, dict) and key in value)
                or (kind == "index" and isinstance(value, list) and -len(value) <= key < len(value))
            ]
            if not found:
                return False
            values = found
        return True

    def at(self, path: str, data: Any, context: Any, field: str) -> Any:
        """The value a path leads to. A path that leads nowhere ends the execution, it is not null."""
        source, plain = (context or {}, path[1:]) if path.startswith("$$") else (data, path)
        if not self.exists(plain, source):
            shown = json.dumps(source)[:500]
            raise self.failure(
                "States.Runtime",
                f"The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{shown}'",
            )
        return self.resolve(plain, source)

    def payload(self, original: Callable[..., Any], template: Any, data: Any, context: Any = None) -> Any:
        """Parameters, ItemSelector, ResultSelector: every `.$` value is found, nested lists included."""
        context = context or _context()
        if isinstance(template, list):
            return [self.payload(original, entry, data, context) for entry in template]
        if not isinstance(template, dict):
            return template
        return {
            key.removesuffix(".$"): self._value(key, value, data, context)
            if key.endswith(".$")
            else self.payload(original, value, data, context)
            for key, value in template.items()
        }

    def _value(self, key: str, expression: Any, data: Any, context: Any) -> Any:
        if not isinstance(expression, str):
            raise self.failure("States.Runtime", f"The value of the field '{key}' must be a JSONPath.")
        if not expression.startswith("States."):
            return self.at(expression, data, context, key)
        try:
            return self.intrinsic(expression, data, context)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise self.failure("States.IntrinsicFailure", f"The function '{expression}' failed: {error}") from error

    def argument(self, original: Callable[..., Any], node: tuple[Any, ...], data: Any, context: Any) -> Any:
        """An argument of an intrinsic function."""
        if node[0] == "path":
            return self.at(node[1], data, context, "intrinsic function")
        return original(node, data, context)

    def input_or_output(
        self, field: str, original: Callable[..., Any], state: State, data: Any, context: Any = None
    ) -> Any:
        """InputPath and OutputPath."""
        path = state.get(field, "$")
        if path is not None:
            self.at(path, data, context or _context(), field)
        return original(state, data, context)

    def items(self, original: Callable[..., Any], state: State, data: Any, execution: Any, context: Any) -> Any:
        """ItemsPath of a Map state must lead to an array."""
        path = state.get("ItemsPath")
        if path is not None and "ItemReader" not in state:
            found = self.at(path, data, context, "ItemsPath")
            if not isinstance(found, list):
                raise self.failure("States.Runtime", f"Reference path '{path}' must point to array.")
        return original(state, data, execution, context)

    def rule(self, original: Callable[..., bool], rule: State, data: Any, context: Any = None) -> bool:
        """A Choice rule on a variable that is not there ends the execution, unless it asks for IsPresent."""
        variable = rule.get("Variable")
        if not variable:
            return original(rule, data, context)
        source, plain = (context or {}, variable[1:]) if variable.startswith("$$") else (data, variable)
        present = self.exists(plain, source)
        if "IsPresent" in rule:
            return bool(present == rule["IsPresent"])
        if not present:
            cause = f"Invalid path '{variable}': The choice state's condition path references an invalid value."
            raise self.failure("States.Runtime", cause)
        return original(rule, data, context)

    # --- branches

    @staticmethod
    def together(original: Callable[..., Any], state: State, *call: Any) -> Any:
        """Parallel and Map: the first branch that fails ends the others, and its error is the state's."""
        mine = Branches()
        distributed = state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
        token = _BRANCHES.set(() if distributed else (*_BRANCHES.get(), mine))
        try:
            return original(state, *call)
        except Exception:
            if mine.first_failure is not None:
                raise mine.first_failure from None
            raise
        finally:
            _BRANCHES.reset(token)

    @staticmethod
    def branch(original: Callable[..., Any], *call: Any) -> Any:
        """A branch has a context object and variables of its own: what it assigns does not leave it."""
        *inner, context = call
        try:
            return original(*inner, context | {"variables": dict(context.get("variables", {}))})
        except Exception as error:
            for branches in _BRANCHES.get()[-1:]:
                branches.fail(error)
            raise

    # --- errors, retries, time

    @staticmethod
    def matches(_original: Callable[..., bool], names: list[str], error: str) -> bool:
        """Whether a Retry or Catch names an error. States.ALL is not quite all."""
        if error in names:
            return True
        if error in UNCATCHABLE:
            return False
        return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")

    def retrier(self, original: Callable[..., Any], retriers: list[State], error: str, counts: dict[int, int]) -> Any:
        """Find the retrier and wait as it says: no cap but MaxDelaySeconds, and an end when the execution ends."""
        found, index = original(retriers, error, counts)
        running = CURRENT.get()
        if found is None or (running is not None and running.over):
            return None, -1
        deadline = time.monotonic() + retry_delay(found, counts.get(index, 0))
        while (left := deadline - time.monotonic()) > 0 and not (running is not None and running.over):
            self.sleep(min(left, 0.5))
        return found | {"IntervalSeconds": 0}, index

    def task(self, original: Callable[..., Any], state: State, data: Any, execution: State, context: State) -> Any:
        """A Task knows its execution, so that a stopped execution stops what it started; time-outs may be paths."""
        running = Running(execution or {}, context, _BRANCHES.get())
        if running.over:
            raise self.failure("States.Runtime", ABORTED)
        token = CURRENT.set(running)
        try:
            return original(self._with_time_outs(state, data, context), data, execution, context)
        finally:
            CURRENT.reset(token)

    def _with_time_outs(self, state: State, data: Any, context: State) -> State:
        paths = {
            name: state[f"{name}Path"] for name in ("TimeoutSeconds", "HeartbeatSeconds") if f"{name}Path" in state
        }
        return state | {name: self.at(path, data, context, f"{name}Path") for name, path in paths.items()}

    @staticmethod
    def fail(original: Callable[..., None], execution: State, error: str, cause: str) -> None:
        """An execution ends once: a task that fails after a stop or a time-out changes nothing."""
        if execution["status"] == "RUNNING":
            original(execution, error, cause)


def retry_delay(retrier: State, attempts: int) -> float:
    """Seconds before the next attempt."""
    delay = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** attempts)
    if "MaxDelaySeconds" in retrier:
        delay = min(delay, float(retrier["MaxDelaySeconds"]))
    return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay  # noqa: S311 - not for secrets


def end_after(seconds: float, execution: State, time_out: Callable[[State], None]) -> threading.Timer:
    """TimeoutSeconds of a whole state machine: `time_out` is called for an execution that still runs."""

    def ring() -> None:
        if execution["status"] == "RUNNING":
            time_out(execution)

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    return timer


def watch_heartbeat(seconds: float, find: Callable[[], State | None]) -> None:
    """Fail a task that waits for its token when no heartbeat comes in time; returns when the task has ended.

    `find` gives the emulator's document of the token, None before it is made.
    """
    began = time.monotonic()
    while (task := find()) is None and time.monotonic() - began < seconds:
        time.sleep(0.02)
    if task is None:
        return
    beat, since = task.get("heartbeat"), time.monotonic()
    while not task["event"].wait(0.2):
        if task.get("heartbeat") != beat:
            beat, since = task.get("heartbeat"), time.monotonic()
        if time.monotonic() - since > seconds:
            task["error"] = {"Error": "States.HeartbeatTimeout", "Cause": f"No heartbeat for {seconds:g} seconds."}
            task["event"].set()


def _context() -> State:
    running = CURRENT.get()
    return running.context if running is not None else {}
