"""One Lambda execution environment: started by the emulator, it keeps only what AWS gives a function.

It stands alone and speaks the emulator's protocol: one line of JSON with the function, then one line for each event,
one line back. On AWS see "Building Lambda functions with Python" and "Lambda runtime environment variables".
"""

import datetime
import decimal
import importlib
import json
import logging
import os
import site
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from typing import Any

Document = dict[str, Any]

RUNTIME = "__RUNTIME__"  # "python3.11"; filled in by lambda_isolation, as are the names with __DEPTH
MAX_RESPONSE_BYTES = 6_291_556

KEPT = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "LAMBDA_TASK_ROOT",
    "_LAMBDA_FUNCTION_ARN",
    "_LAMBDA_TIMEOUT",
    "_LAMBDA_LAYERS_DIRS",
)


def clean_environment(spawned: Mapping[str, str], home: str) -> dict[str, str]:
    """AWS's variables out of a spawned process's environment, which also holds the host's."""
    name = spawned.get("AWS_LAMBDA_FUNCTION_NAME", "")
    layers = [folder for folder in spawned.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if folder]
    kept = {key: spawned[key] for key in KEPT if spawned.get(key)}
    if kept.get("AWS_ACCESS_KEY_ID", "").isdigit():  # the emulator's key of an account; the rest may be the host's
        kept["AWS_SECRET_ACCESS_KEY"] = "test"  # noqa: S105 - the laptop's dummy key, not a secret
        kept.pop("AWS_SESSION_TOKEN", None)
    return kept | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{spawned.get('GATEWAY_PORT', '4566')}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "HOME": home,
        "LANG": "en_US.UTF-8",
        "PATH": os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin", *(f"{folder}/bin" for folder in layers)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": home,
        "TZ": ":UTC",
    }


def python_path(task_root: str, layers: list[str]) -> list[str]:
    """The function's code, then its layers, the last first; the runtime's own boto3 comes after them."""
    folders = [task_root]
    for layer in reversed(layers):
        folders += [f"{layer}/python/lib/{RUNTIME}/site-packages", f"{layer}/python"]
    return [folder for folder in folders if os.path.isdir(folder)]


def under_opt(value: str, layers: list[str]) -> str:
    """The file of a layer that a variable names by its path under /opt, which only root could mount."""
    for layer in reversed(layers):
        path = os.path.join(layer, value.removeprefix("/opt/"))
        if value.startswith("/opt/") and os.path.exists(path):
            return path
    return value


class Context:
    """What a handler's second argument is on AWS."""

    identity = None
    client_context = None

    def __init__(self, call: Document, deadline: float) -> None:
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        self.invoked_function_arn = call.get("invoked_function_arn") or os.environ.get("_LAMBDA_FUNCTION_ARN", "")
        self.aws_request_id = call.get("request_id", "")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


class LogHandler(logging.Handler):
    """AWS puts this on the root logger before the function's code is loaded."""

    request_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        moment = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)  # noqa: UP017
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(record.msecs):03d}Z"
        print(f"[{record.levelname}]\t{stamp}\t{self.request_id}\t{self.format(record)}", file=sys.stderr, flush=True)


class InitError(Exception):
    """The function's code could not be loaded; `document` is what the caller gets."""

    def __init__(self, kind: str, message: str, trace: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.document = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)}


def load(module: str, name: str) -> Any:
    """Import the handler, with AWS's errors."""
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise InitError("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise InitError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}", trace) from error
    except Exception as error:
        raise InitError(type(error).__name__, str(error), frames(error)) from error
    if not hasattr(found, name):
        raise InitError("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
    return getattr(found, name)


def frames(error: BaseException) -> list[str]:
    """The traceback from the function's own code on."""
    trace = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in trace if frame.filename != __file__ and "importlib" not in frame.filename]
    return traceback.format_list(own)


def encode(value: Any) -> float:
    """Lambda's JSON encoder takes what json takes, and Decimal."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class Environment:
    """The function, warm between its invocations."""

    def __init__(self, init: Document, log_handler: LogHandler) -> None:
        self.module, self.name, self.log_handler = init["module"], init["handler"], log_handler
        self.handler: Any = None
        self.error: Document = {}
        self.initialise()

    def initialise(self) -> None:
        try:
            self.handler, self.error = load(self.module, self.name), {}
        except InitError as error:
            self.handler, self.error = None, error.document

    def invoke(self, message: Document) -> Document:
        """{"result": JSON text} or {"error": document}."""
        call = message.get("ctx") or {}
        self.log_handler.request_id = call.get("request_id", "")
        for variable, value in (("_X_AMZN_TRACE_ID", call.get("trace_id")), ("__DEPTH_ENV__", call.get("depth"))):
            os.environ.pop(variable, None)
            if value is not None:
                os.environ[variable] = str(value)
        if self.handler is None:
            self.initialise()  # AWS starts a new environment after one that failed
        if self.handler is None:
            return self.failed(self.error)
        deadline = time.time() + float(os.environ.get("_LAMBDA_TIMEOUT", "3"))
        return self.run(message["event"], Context(call, deadline))

    def run(self, event: Any, context: Context) -> Document:
        try:
            result = self.handler(event, context)
        except SystemExit as leaving:
            text = (
                f"RequestId: {context.aws_request_id} Error: Runtime exited with error: exit status {leaving.code or 0}"
            )
            return self.failed({"errorMessage": text, "errorType": "Runtime.ExitError"})
        except BaseException as error:
            document = {"errorMessage": str(error), "errorType": type(error).__name__}
            return self.failed(document | {"requestId": context.aws_request_id, "stackTrace": frames(error)})
        try:
            text = json.dumps(result, default=encode)
        except (TypeError, ValueError) as error:
            document = {"errorMessage": f"Unable to marshal response: {error}", "errorType": "Runtime.MarshalError"}
            return self.failed(document | {"requestId": context.aws_request_id, "stackTrace": []})
        if len(text) > MAX_RESPONSE_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            return self.failed({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"})
        return {"result": text}

    @staticmethod
    def failed(document: Document) -> Document:
        lines = [f"[ERROR] {document['errorType']}: {document['errorMessage']}"]
        if document.get("stackTrace"):
            lines += ["Traceback (most recent call last):", *(frame.rstrip("\n") for frame in document["stackTrace"])]
        print("\n".join(lines), file=sys.stderr, flush=True)
        return {"error": document}


def answer_line(outcome: Document) -> str:
    """The emulator's line; a result is JSON already, and to read and write its megabytes once more takes time."""
    said = f'{{"result": {outcome["result"]}}}' if "result" in outcome else json.dumps(outcome)
    return f'{{"status": "ok", "result": {{"lambda": {said}}}}}\n'


def serve() -> None:
    """Answer until standard input ends. Nothing that the function prints may reach the protocol's channel."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests = os.fdopen(os.dup(0), "r")
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    init = json.loads(requests.readline())
    layers = [folder for folder in os.environ.pop("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if folder]
    os.environ.update({name: under_opt(value, layers) for name, value in init.get("env", {}).items()})
    os.environ["_HANDLER"] = f"{init['module']}.{init['handler']}"
    sys.argv = [""]
    for folder in reversed(python_path(init["code_dir"], layers)):
        sys.path.insert(0, folder)
        if folder.endswith("site-packages"):
            site.addsitedir(folder)
    mark_calls = globals().get("_ms_install_invoke_depth")
    if mark_calls is not None:
        mark_calls()
    log_handler = LogHandler()
    logging.getLogger().addHandler(log_handler)
    environment = Environment(init, log_handler)
    channel.write('{"status": "ready", "cold": true}\n')
    for line in requests:
        channel.write(answer_line(environment.invoke(json.loads(line))))


if __name__ == "__main__":
    if sys.flags.isolated:
        serve()
    else:
        _self = os.path.abspath(__file__)
        _clean = clean_environment(os.environ, os.path.dirname(_self))
        os.execve(sys.executable, [sys.executable, "-I", _self], _clean)  # noqa: S606 - the same interpreter, without the host
