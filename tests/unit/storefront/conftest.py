"""One MariaDB for all of the storefront's tests; a fresh shop, on moto's AWS, for each."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws
from shop_world import TOKEN, WRITER, Shopper, SourceServer, source_server
from source_database.connection import Address
from storefront.main import create_app
from storefront.services.recommendations import Recommender
from storefront.settings import Patience, Settings
from storefront.shop import Shop, make_shop


@dataclass
class InferenceFunction:
    """retail-inference as boto3's client shows it; keeps what it was asked."""

    items: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    seconds: float = 0.0
    requests: list[dict[str, Any]] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, Payload: bytes, ClientContext: str) -> dict[str, Any]:  # noqa: N803
        self.requests.append(json.loads(Payload))
        self.contexts.append(ClientContext)
        time.sleep(self.seconds)
        body = {"items": self.items, "path": "folded_in", "model_version": "v7"}
        answer = {"statusCode": self.status, "body": json.dumps(body)}
        return {"FunctionName": FunctionName, "Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SourceServer]:
    with source_server(tmp_path_factory.mktemp("source")) as running:
        yield running


@pytest.fixture
def source(server: SourceServer) -> SourceServer:
    server.refill()
    return server


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """One for a module's tests: making clients anew takes longer than most tests do."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        with mock_aws():
            yield


@pytest.fixture
def settings(source: SourceServer, aws: None) -> Settings:
    """What Terraform leaves, under names of this test's own."""
    own = uuid.uuid4().hex
    secrets, ssm = boto3.client("secretsmanager"), boto3.client("ssm")
    texts = {
        "session": json.dumps({"session_key": "a key that signs the cookies", "api_token": TOKEN}),
        "writer": json.dumps({"username": WRITER.user, "password": WRITER.password}),
    }
    arns = {name: secrets.create_secret(Name=f"{name}-{own}", SecretString=text)["ARN"] for name, text in texts.items()}
    boto3.client("kinesis").create_stream(StreamName=f"events-{own}", ShardCount=1)
    queue = boto3.client("sqs").create_queue(QueueName=f"spill-{own}")["QueueUrl"]
    facts = {
        "events/stream_name": f"events-{own}",
        "inference/function_name": "retail-inference",
    }
    for name, value in facts.items():
        ssm.put_parameter(Name=f"/retail/{name}", Value=value, Type="String", Overwrite=True)
    return Settings(
        database=Address("127.0.0.1", source.database.port, "classicmodels", source.ca),
        db_secret_arn=arns["writer"],
        session_secret_arn=arns["session"],
        spill_queue_url=queue,
        rate_limit_per_minute=0,
    )


@pytest.fixture
def function() -> InferenceFunction:
    return InferenceFunction()


@pytest.fixture
def shop(settings: Settings, function: InferenceFunction) -> Iterator[Shop]:
    """The catalogue is read; background threads do not run, so that tests say when events are sent."""
    patience = Patience(recommendations=1.0, free_connection=30.0, pause=0.05)
    made = make_shop(settings, patience)
    made.recommender = Recommender(function, made.recommender._parameters, made.metrics, patience)
    assert made.shelves.refresh()
    yield made
    made.recommender.close()
    made.database.close()


@pytest.fixture
def app(shop: Shop) -> Any:
    return create_app(shop)


@pytest.fixture
def shopper(app: Any) -> Shopper:
    return Shopper(app)
