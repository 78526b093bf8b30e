"""What Firehose makes of a transformation function's answer."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from local_aws.services.firehose_buffer import Item
from local_aws.services.firehose_transform import AnswerError, Transformation, sort_records

IDS = {"1": Item(b"a", 1.0), "2": Item(b"b", 2.0), "3": Item(b"c", 3.0)}


def answer(*records: tuple[str, str], data: str = base64.b64encode(b"done").decode()) -> bytes:
    return json.dumps(
        {"records": [{"recordId": key, "result": result, "data": data} for key, result in records]}
    ).encode()


def test_each_record_goes_where_its_result_says() -> None:
    result = sort_records(IDS, answer(("3", "Ok"), ("1", "Dropped"), ("2", "ProcessingFailed")), 2)
    assert result.done == (Item(b"done", 3.0),)
    assert result.dropped == 1
    ((item, failure),) = result.failed
    assert (item, failure.code, failure.attempts) == (IDS["2"], "Lambda.ProcessingFailedStatus", 2)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (answer(("1", "Ok"), ("2", "Ok")), "Lambda.MissingRecordId"),
        (answer(("1", "Ok"), ("2", "Ok"), ("3", "Ok"), ("4", "Ok")), "Lambda.MissingRecordId"),
        (answer(("1", "Ok"), ("2", "Ok"), ("2", "Ok"), ("3", "Ok")), "Lambda.DuplicatedRecordId"),
        (answer(("1", "Ok"), ("2", "Fine"), ("3", "Ok")), "Lambda.JsonProcessingException"),
        (answer(("1", "Ok"), ("2", "Ok"), ("3", "Ok"), data="not base64"), "Lambda.JsonProcessingException"),
        (b"null", "Lambda.JsonProcessingException"),
        (b" " * (6 << 20) + b"{}", "Lambda.ReturnedSizeLimitExceeded"),
    ],
)
def test_an_answer_that_breaks_the_model_fails_the_batch(payload: bytes, code: str) -> None:
    with pytest.raises(AnswerError) as refusal:
        sort_records(IDS, payload, 1)
    assert refusal.value.code == code


def processing(enabled: bool = True, **parameters: str) -> dict[str, Any]:
    given = {"LambdaArn": "arn:f"} | parameters
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in given.items()]
    return {"ProcessingConfiguration": {"Enabled": enabled, "Processors": [{"Type": "Lambda", "Parameters": listed}]}}


def test_parameters_have_firehoses_defaults() -> None:
    assert Transformation.of(processing()) == Transformation("arn:f", 3, 1 << 20, 60)
    given = processing(BufferSizeInMBs="0.5", BufferIntervalInSeconds="0", NumberOfRetries="0")
    assert Transformation.of(given) == Transformation("arn:f", 0, 1 << 19, 0)
    assert Transformation.of(processing(enabled=False)) is None
