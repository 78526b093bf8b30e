"""The environment as one frozen value, checked before anything is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from source_database.connection import Address

from storefront.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """Where things are and what is allowed; never a secret's value.

    Environment:
    DB_HOST, DB_PORT (3306), DB_NAME, DB_SECRET_ARN  the source database and its writer's secret {username, password}
    CA_BUNDLE                   PEM file that signed the database's certificate
    SESSION_SECRET_ARN          secret {session_key, api_token}: what signs cookies, and the bearer token of the API
    AUTOSCALING_GROUP, LOAD_BALANCER (app/name/id), TARGET_GROUP (targetgroup/name/id)  what the operations page asks
                                CloudWatch for, by the values of its dimensions; without them it says less
    BEHIND_LOAD_BALANCER (false)  true: client and scheme are what the load balancer says; nothing else may reach us
    PROJECT (retail)            prefix of the SSM parameters /<project>/events/stream_name, /inference/function_name and
                                of the platform's names
    PROMETHEUS_MULTIPROC_DIR    folder through which an instance's processes share their figures; empty when the first
                                one starts, and made when it is not there
    SPILL_QUEUE_URL             SQS queue that keeps browse events while the stream is down; without it only memory does
    RATE_LIMIT_PER_MINUTE (1200)  requests of one client to one process; 0 is without limit
    DB_POOL_SIZE (10)           connections of one process
    CATALOGUE_SECONDS (15)      how old the catalogue in memory may become while the database answers
    """

    database: Address
    db_secret_arn: str
    session_secret_arn: str
    project: str = "retail"
    spill_queue_url: str = ""
    rate_limit_per_minute: int = 1200
    db_pool_size: int = 10
    catalogue_seconds: int = 15
    behind_load_balancer: bool = False
    autoscaling_group: str = ""
    load_balancer: str = ""
    target_group: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raise SettingsError, which names the variable."""
        required = ("DB_HOST", "DB_NAME", "DB_SECRET_ARN", "CA_BUNDLE", "SESSION_SECRET_ARN")
        if missing := [name for name in required if not environment.get(name)]:
            raise SettingsError(f"The storefront lacks {', '.join(missing)}.", "Set them in its environment.")
        port = _whole(environment, "DB_PORT", 3306, least=1)
        return cls(
            database=Address(environment["DB_HOST"], port, environment["DB_NAME"], Path(environment["CA_BUNDLE"])),
            db_secret_arn=environment["DB_SECRET_ARN"],
            session_secret_arn=environment["SESSION_SECRET_ARN"],
            project=environment.get("PROJECT") or "retail",
            spill_queue_url=environment.get("SPILL_QUEUE_URL", ""),
            rate_limit_per_minute=_whole(environment, "RATE_LIMIT_PER_MINUTE", 1200),
            db_pool_size=_whole(environment, "DB_POOL_SIZE", 10, least=1),
            catalogue_seconds=_whole(environment, "CATALOGUE_SECONDS", 15, least=1),
            behind_load_balancer=_truth(environment, "BEHIND_LOAD_BALANCER"),
            autoscaling_group=environment.get("AUTOSCALING_GROUP", ""),
            load_balancer=environment.get("LOAD_BALANCER", ""),
            target_group=environment.get("TARGET_GROUP", ""),
        )


@dataclass(frozen=True)
class Patience:
    """How long others may take before a shopper is answered without them; seconds."""

    recommendations: float = 0.150
    connect: float = 2.0
    statement: float = 5.0
    free_connection: float = 2.0
    pause: float = 1.0  # after a failure, how long the same one is not asked again


def _whole(environment: Mapping[str, str], name: str, default: int, least: int = 0) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()) or int(text) < least:
        raise SettingsError(f"{name} is {text!r}.", f"Set it to a whole number from {least} on.")
    return int(text)


def _truth(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "false"
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is {text!r}.", "Set it to true or false.")
    return text == "true"
