"""A call to a service of ours always gets an answer, and never a false success."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from local_aws.overlay import Overlay
from local_aws.routing import Route
from local_aws.services.base import Service, action
from local_aws.wire import AwsError, AwsRequest, HttpRequest, HttpResponse, Params


class Jobs(Service):
    name = "glue"

    @action("GetJob")
    async def get_job(self, request: AwsRequest) -> Params:
        return {"Job": {"Name": request.params["JobName"]}}

    @action("StartJobRun")
    async def start_job_run(self, request: AwsRequest) -> Params:
        raise AwsError("ConcurrentRunsExceededException", "one at a time")

    @action("StopTrigger")
    async def stop_trigger(self, request: AwsRequest) -> Params:
        return {"Name": {}["missing"]}


class Unstartable(Jobs):
    async def start(self) -> None:
        raise RuntimeError("no engine")


def ask(overlay: Overlay, name: str, **params: Any) -> HttpResponse:
    headers = {"x-amz-target": f"AWSGlue.{name}", "content-type": "application/x-amz-json-1.1"}
    http = HttpRequest("POST", "/", "", headers, json.dumps(params).encode())
    return asyncio.run(overlay.answer(Route("glue", name), http))


@pytest.fixture
def overlay() -> Overlay:
    return Overlay.of([Jobs(None)])  # type: ignore[arg-type]


def test_a_result_is_written_as_the_service_writes_it(overlay: Overlay) -> None:
    answer = ask(overlay, "GetJob", JobName="retail-etl-job")
    assert (answer.status, json.loads(answer.body)) == (200, {"Job": {"Name": "retail-etl-job"}})


def test_an_error_of_the_service_keeps_its_code(overlay: Overlay) -> None:
    answer = ask(overlay, "StartJobRun", JobName="retail-etl-job")
    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "ConcurrentRunsExceededException"


def test_a_fault_of_ours_is_a_500_with_its_traceback_in_the_log(
    overlay: Overlay, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(overlay, "StopTrigger", Name="nightly")
    assert answer.status == 500
    assert json.loads(answer.body)["__type"] == "InternalFailure"
    assert "KeyError: 'missing'" in caplog.text


def test_only_marked_actions_are_ours(overlay: Overlay) -> None:
    assert overlay.serves(Route("glue", "GetJob"))
    assert not overlay.serves(Route("glue", "GetTable"))


def test_a_service_that_could_not_start_answers_every_call_with_the_reason() -> None:
    overlay = Overlay.of([Unstartable(None)])  # type: ignore[arg-type]
    asyncio.run(overlay.start())

    answer = ask(overlay, "GetJob", JobName="retail-etl-job")

    assert answer.status == 500
    assert b"no engine" in answer.body
    assert overlay.serves(Route("glue", "GetTable"))
    assert overlay.started.is_set()


def test_a_service_whose_module_cannot_be_loaded_does_not_fall_to_the_emulator() -> None:
    overlay = Overlay.of([], {"glue": "services/glue.py cannot be loaded: ImportError"})
    assert overlay.serves(Route("glue", "StartJobRun"))
    assert ask(overlay, "StartJobRun", JobName="x").status == 500


def test_an_action_served_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"glue\.GetJob is served by two classes"):
        Overlay.of([Jobs(None), Jobs(None)])  # type: ignore[arg-type,list-item]
