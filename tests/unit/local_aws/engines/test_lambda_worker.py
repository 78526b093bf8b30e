"""A function sees what AWS gives it and nothing of the host; it fails in AWS's words."""

import json
import os
import subprocess
import venv

import pytest
from local_aws.services.lambda_isolation import reshaped, worker_script


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory) -> str:
    """A Python without any package."""
    folder = tmp_path_factory.mktemp("runtime")
    venv.create(folder, symlinks=True)
    return str(folder / "bin" / "python")


@pytest.fixture
def invoke(tmp_path, bare_python):
    """Run a function on events; `files` are its zip, `layers` the folders of its layers."""

    def run(code, *events, handler="app.handler", env=None, layers=(), host=None):
        task = tmp_path / "code"
        task.mkdir(exist_ok=True)
        (task / "app.py").write_text(code)
        (tmp_path / "_worker.py").write_text(worker_script("python3.11"))
        spawned = os.environ | {"HOST_SECRET": "x", "PYTHONPATH": "/host", "AWS_PROFILE": "host"} | (host or {})
        spawned |= {"AWS_LAMBDA_FUNCTION_NAME": "f", "GATEWAY_PORT": "4566", "_LAMBDA_TIMEOUT": "3"}
        spawned |= {"_LAMBDA_LAYERS_DIRS": os.pathsep.join(map(str, layers))}
        module, name = handler.rsplit(".", 1)
        init = {"code_dir": str(task), "module": module, "handler": name, "env": env or {}}
        lines = [init, *({"event": event, "ctx": {"request_id": "r-1"}} for event in events)]
        done = subprocess.run(
            [bare_python, str(tmp_path / "_worker.py")],
            env=spawned,
            input="".join(json.dumps(line) + "\n" for line in lines),
            capture_output=True,
            text=True,
            check=True,
        )
        ready, *answers = (json.loads(line) for line in done.stdout.splitlines())
        assert ready["status"] == "ready"
        return [answer["result"]["lambda"] for answer in answers], done.stderr

    return run


def test_the_environment_is_the_declared_one_and_awss(invoke):
    code = "import os\ndef handler(event, context):\n    return dict(os.environ)"
    [answer], _ = invoke(code, {}, env={"STAGE": "test"})
    seen = answer["result"]
    assert seen["STAGE"] == "test"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
    assert seen["_HANDLER"] == "app.handler"
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert not {"HOST_SECRET", "PYTHONPATH", "AWS_PROFILE", "GATEWAY_PORT", "VIRTUAL_ENV"} & seen.keys()


def test_a_missing_layer_fails_as_on_aws(invoke):
    code = "import pandas\ndef handler(event, context):\n    return 1"
    [answer], log = invoke(code, {})
    assert answer["error"] == {
        "errorMessage": "Unable to import module 'app': No module named 'pandas'",
        "errorType": "Runtime.ImportModuleError",
        "requestId": "",
        "stackTrace": [],
    }
    assert "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'" in log


def test_layers_are_importable_and_their_files_have_paths(invoke, tmp_path):
    for number, word in ((1, "first"), (2, "second")):
        package = tmp_path / f"layer{number}" / "python"
        package.mkdir(parents=True)
        (package / "shared.py").write_text(f"WORD = '{word}'")
    ca = tmp_path / "layer1" / "ca" / "source-ca.pem"
    ca.parent.mkdir()
    ca.write_text("PEM")
    code = "import os, shared\ndef handler(e, c):\n    return [shared.WORD, open(os.environ['CA_BUNDLE']).read()]"
    layers = [tmp_path / "layer1", tmp_path / "layer2"]
    [answer], _ = invoke(code, {}, env={"CA_BUNDLE": "/opt/ca/source-ca.pem"}, layers=layers)
    assert answer["result"] == ["second", "PEM"]


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        ("def handler(e, c):\n    raise KeyError('x')", "app.handler", "KeyError", "'x'"),
        ("def handler(e, c):\n    return {1, 2}", "app.handler", "Runtime.MarshalError", "Object of type set"),
        ("def other(e, c): ...", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("import sys\ndef handler(e, c):\n    sys.exit(2)", "app.handler", "Runtime.ExitError", "exit status 2"),
        ("def handler(e, c): ...", "gone.handler", "Runtime.ImportModuleError", "No module named 'gone'"),
        ("raise RuntimeError('no table')", "app.handler", "RuntimeError", "no table"),
    ],
)
def test_errors_have_awss_types(invoke, code, handler, kind, message):
    [answer], _ = invoke(code, {}, handler=handler)
    assert answer["error"]["errorType"] == kind
    assert message in answer["error"]["errorMessage"]


def test_a_failure_leaves_the_environment_warm(invoke):
    code = (
        "calls = []\ndef handler(e, c):\n    calls.append(e)\n    if e == 1: raise ValueError(e)\n    return len(calls)"
    )
    answers, _ = invoke(code, 1, 2)
    assert answers[0]["error"]["stackTrace"][0].splitlines()[1].strip() == "if e == 1: raise ValueError(e)"
    assert answers[1] == {"result": 2}


def test_printing_is_logging_and_no_answer(invoke):
    code = """
import logging, os
logging.getLogger().setLevel("INFO")
def handler(e, c):
    print('{"status": "ok"}')
    os.write(1, b"raw")
    logging.info("seen")
    return e
"""
    answers, log = invoke(code, {"a": 1})
    assert answers == [{"result": {"a": 1}}]
    assert '{"status": "ok"}' in log
    assert "raw" in log
    assert "[INFO]\t" in log
    assert "r-1\tseen" in log


def test_outcomes_are_reshaped_for_the_emulator():
    assert reshaped({"body": {"lambda": {"result": [1]}}, "log": "l"}) == {"body": [1], "log": "l"}
    failed = reshaped({"body": {"lambda": {"error": {"errorType": "E"}}}, "log": "l"})
    assert failed == {"body": {"errorType": "E"}, "error": True, "function_error": "Unhandled", "log": "l"}
    died = {"error": True, "body": {"errorMessage": "Worker process died", "errorType": "x"}}
    assert reshaped(died)["body"]["errorType"] == "Runtime.ExitError"
    timed_out = {"error": True, "body": {"errorMessage": "Task timed out after 3.00 seconds"}}
    assert reshaped(timed_out) == timed_out
