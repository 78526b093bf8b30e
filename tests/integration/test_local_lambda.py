"""Lambda functions on local AWS see their zip, their layers, boto3 and their declared environment, nothing more."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

pytestmark = pytest.mark.local_aws


def archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as built:
        for name, text in files.items():
            built.writestr(name, text)
    return buffer.getvalue()


class Functions:
    """Deploys one-file functions and calls them."""

    def __init__(self, aws: Any) -> None:
        self.client = aws.client("lambda")

    def deploy(self, name: str, code: str, **more: Any) -> str:
        self.client.create_function(
            FunctionName=name,
            Role="arn:aws:iam::000000000000:role/lambda-tests",
            Runtime="python3.11",
            Handler="app.handler",
            Code={"ZipFile": archive({"app.py": code})},
            Timeout=20,
            **more,
        )
        self.client.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    def call(self, name: str, event: Any = None) -> Any:
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def functions(local_aws) -> Functions:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    local_aws.client("iam").create_role(RoleName="lambda-tests", AssumeRolePolicyDocument=policy)
    return Functions(local_aws)


def test_the_host_is_not_to_be_seen(functions, local_aws):
    code = "import os, sys\ndef handler(event, context):\n    return [dict(os.environ), sys.path]"
    error, (environment, path) = functions.call(
        functions.deploy("sees", code, Environment={"Variables": {"STAGE": "test"}})
    )
    assert error is None
    declared = {name for name in environment if not name.startswith(("AWS_", "_"))}
    assert declared == {"STAGE", "HOME", "LANG", "LC_CTYPE", "PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR", "TZ",
                        "LAMBDA_TASK_ROOT"}  # fmt: skip
    assert environment["AWS_ENDPOINT_URL"] == local_aws.endpoint_url
    packages = [folder for folder in path if "site-packages" in folder]
    assert len(packages) == 1
    assert "lambda-runtime" in packages[0]


def test_pandas_is_not_there_without_its_layer(functions):
    error, document = functions.call(functions.deploy("needs-pandas", "import pandas\ndef handler(e, c): ..."))
    assert error == "Unhandled"
    assert document["errorType"] == "Runtime.ImportModuleError"
    assert document["errorMessage"] == "Unable to import module 'app': No module named 'pandas'"


def test_layers_bring_modules_and_files(functions):
    content = {"python/shared.py": "WORD = 'layered'", "ca/source-ca.pem": "PEM"}
    layer = functions.client.publish_layer_version(LayerName="shared", Content={"ZipFile": archive(content)})
    code = "import os, shared\ndef handler(e, c):\n    return [shared.WORD, open(os.environ['CA_BUNDLE']).read()]"
    name = functions.deploy(
        "layered",
        code,
        Layers=[layer["LayerVersionArn"]],
        Environment={"Variables": {"CA_BUNDLE": "/opt/ca/source-ca.pem"}},
    )
    assert functions.call(name) == (None, ["layered", "PEM"])


def test_boto3_reaches_local_aws(functions, local_aws):
    local_aws.client("ssm").put_parameter(Name="/lambda-tests/word", Value="found", Type="String", Overwrite=True)
    code = (
        "import boto3\ndef handler(e, c):\n"
        "    return boto3.client('ssm').get_parameter(Name='/lambda-tests/word')['Parameter']['Value']"
    )
    assert functions.call(functions.deploy("calls", code)) == (None, "found")


def test_an_exception_has_its_own_type_and_leaves_the_function_warm(functions):
    code = "calls = []\ndef handler(e, c):\n    calls.append(e)\n    if e: raise KeyError(e)\n    return len(calls)"
    name = functions.deploy("raises", code)
    error, document = functions.call(name, "bad")
    assert (error, document["errorType"], document["errorMessage"]) == ("Unhandled", "KeyError", "'bad'")
    assert functions.call(name) == (None, 2)
