"""All that the routes work with, made once for a process."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from source_database.addresses import secret_login
from source_database.connection import Source

from storefront.metrics import Metrics
from storefront.services.aws import Parameters, client, hasty_client, secret_fields
from storefront.services.browse_buffer import BrowseBuffer
from storefront.services.catalogue import Catalogue, Shelves
from storefront.services.database import Database
from storefront.services.platform import PlatformWatch
from storefront.services.recommendations import Recommender
from storefront.services.spill_queue import SpillQueue
from storefront.settings import Patience, Settings

_TOKEN_SECONDS = 60.0


@dataclass
class ApiToken:
    """The bearer token of the API, read again every minute: it may be rotated."""

    secrets: Any
    arn: str
    _held: tuple[str, float] = field(default=("", 0.0), repr=False)

    def read(self) -> str:
        """Raise SecretUnavailableError when it cannot be read."""
        token, until = self._held
        if time.monotonic() >= until:
            token = secret_fields(self.secrets, self.arn, "api_token")["api_token"]
            self._held = (token, time.monotonic() + _TOKEN_SECONDS)
        return token


@dataclass
class Shop:
    settings: Settings
    database: Database
    shelves: Shelves
    recommender: Recommender
    events: BrowseBuffer
    platform: PlatformWatch
    api_token: ApiToken
    metrics: Metrics
    session_key: str = field(repr=False)

    @property
    def catalogue(self) -> Catalogue:
        return self.shelves.catalogue

    def open(self) -> None:
        self.shelves.start()
        self.events.start()

    def close(self) -> None:
        """Events first: they are what would be lost."""
        self.events.stop()
        self.shelves.stop()
        self.recommender.close()
        self.database.close()
        self.metrics.close()


def make_shop(settings: Settings, patience: Patience | None = None) -> Shop:
    """A shop on AWS as the environment has it; raises SecretUnavailableError without a key to sign cookies with."""
    patience = patience or Patience()
    secrets = client("secretsmanager")
    parameters = Parameters(client("ssm"), settings.project)
    metrics = Metrics()
    source = Source(settings.database, partial(secret_login, secrets, settings.db_secret_arn))
    database = Database(source, metrics, settings.db_pool_size, patience)
    return Shop(
        settings=settings,
        database=database,
        shelves=Shelves(database, metrics, settings.catalogue_seconds),
        recommender=Recommender(hasty_client("lambda", patience.recommendations), parameters, metrics, patience),
        events=BrowseBuffer(
            client("kinesis"), SpillQueue(client("sqs"), settings.spill_queue_url), parameters, metrics
        ),
        metrics=metrics,
        platform=PlatformWatch(client("cloudwatch"), parameters, settings),
        api_token=ApiToken(secrets, settings.session_secret_arn),
        session_key=secret_fields(secrets, settings.session_secret_arn, "session_key")["session_key"],
    )
