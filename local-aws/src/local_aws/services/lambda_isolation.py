"""A Lambda function sees its zip, its layers, boto3 and its declared environment, and fails as on AWS without them.

The emulator spawns one process for each environment; `upstream` has it spawn `engines/lambda_worker.py` with the Python
of the `lambda-runtime` environment instead, and passes results through `reshaped`.

What a laptop cannot do without root: mount layers under /opt and give each function a /tmp of its own. A declared
variable that names a layer's file (/opt/ca/source-ca.pem) is given its real path; TMPDIR is the function's own; a
literal /opt/… or /tmp/… in code meets the host's. The Python is the one that local AWS runs on, not always 3.11.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local_aws import toolchain
from local_aws.engines import lambda_worker
from local_aws.settings import Settings


def interpreter(settings: Settings) -> str:
    """A Python with boto3 and nothing else."""
    return str(toolchain.ensure(settings, "lambda-runtime") / "bin" / "python")


def worker_script(runtime: str) -> str:
    """The worker's source for a runtime, e.g. python3.11."""
    return Path(lambda_worker.__file__).read_text().replace("__RUNTIME__", runtime)


def reshaped(outcome: dict[str, Any]) -> dict[str, Any]:
    """The emulator's outcome of an invocation, with what our worker said about it."""
    body = outcome.get("body")
    if outcome.get("error") and isinstance(body, dict) and body.get("errorMessage") == "Worker process died":
        document = {"errorMessage": "Runtime exited without providing a reason", "errorType": "Runtime.ExitError"}
        return outcome | {"body": document}
    if outcome.get("error") or not isinstance(body, dict) or "lambda" not in body:
        return outcome
    said = body["lambda"]
    if "error" in said:
        return outcome | {"body": said["error"], "error": True, "function_error": "Unhandled"}
    return outcome | {"body": said["result"]}


def throttled(outcome: dict[str, Any]) -> dict[str, Any]:
    """TooManyRequestsException in Lambda's own words."""
    return outcome | {"body": outcome["body"] | {"message": "Rate Exceeded.", "Type": "User"}}
