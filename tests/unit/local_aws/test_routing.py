"""Which API call a request is, in every protocol that AWS speaks."""

from __future__ import annotations

import pytest
from local_aws.rest import match_rest, path_parameters
from local_aws.routing import Route, Router

ROUTER = Router(["glue", "rds", "lambda", "stepfunctions"])
FORM = b"Action=DescribeDBInstances&Version=2014-10-31"


def signed(service: str) -> dict[str, str]:
    scope = f"Credential=test/20260101/us-east-1/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}


def test_json_services_name_the_call_in_a_header() -> None:
    headers = signed("glue") | {"x-amz-target": "AWSGlue.StartJobRun"}
    assert ROUTER.by_headers("POST", "/", "", headers) == Route("glue", "StartJobRun")


def test_a_service_that_is_not_ours_is_nobodys() -> None:
    headers = signed("dynamodb") | {"x-amz-target": "DynamoDB_20120810.GetItem"}
    assert ROUTER.by_headers("POST", "/", "", headers) is None


def test_query_services_name_the_call_in_the_body() -> None:
    headers = signed("rds") | {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert ROUTER.may_be_form("POST", headers)
    assert ROUTER.by_form(headers, FORM) == Route("rds", "DescribeDBInstances")


def test_a_form_of_another_service_is_not_ours() -> None:
    assert ROUTER.by_form(signed("iam"), b"Action=ListRoles&Version=2010-05-08") is None


@pytest.mark.parametrize(
    ("method", "path", "query", "action"),
    [
        ("GET", "/2015-03-31/functions/", "", "ListFunctions"),
        ("GET", "/2015-03-31/functions/resize", "", "GetFunction"),
        ("GET", "/2015-03-31/functions/resize/configuration", "", "GetFunctionConfiguration"),
        ("POST", "/2015-03-31/functions/resize/invocations", "", "Invoke"),
        ("GET", "/2018-10-31/layers", "find=LayerVersion&Arn=arn", "GetLayerVersionByArn"),
        ("GET", "/2018-10-31/layers", "", "ListLayers"),
    ],
)
def test_rest_services_are_known_by_method_and_path(method: str, path: str, query: str, action: str) -> None:
    assert ROUTER.by_headers(method, path, query, signed("lambda")) == Route("lambda", action)


def test_an_unknown_path_is_no_call() -> None:
    assert match_rest("lambda", "GET", "/health", "") is None


def test_labels_of_a_path_are_decoded() -> None:
    path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Afunction%3Aresize/invocations"
    assert path_parameters("lambda", "POST", path, "") == {"FunctionName": "arn:aws:lambda:function:resize"}
