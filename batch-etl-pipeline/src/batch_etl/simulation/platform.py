"""The platform that is simulated on: where things are, as Terraform wrote it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from rich.console import Console

from batch_etl.errors import SimulationError
from batch_etl.simulation.clicks import Clicks
from batch_etl.simulation.feed import Feed
from batch_etl.simulation.lake import Lake
from batch_etl.simulation.orders import Orders
from batch_etl.simulation.plan import Plan
from batch_etl.simulation.runs import Functions, Jobs
from batch_etl.simulation.shop import Shop
from batch_etl.simulation.store_files import StoreFiles
from batch_etl.simulation.week import Simulation, Sources

_FACTS = ("lake/lake_bucket", "lake/landing_bucket", "events/stream_name", "storefront/url")
_PATIENT = Config(read_timeout=900)  # a function answers when it is done; asked again meanwhile, it would run twice


@dataclass(frozen=True)
class Manner:
    """How a simulation is run; as `week.Simulation` has it."""

    patience: float
    days_a_minute: float
    nightly: bool


def simulation(
    plan: Plan, project: str, environment: Mapping[str, str], manner: Manner, console: Console
) -> Simulation:
    """Everything found and asked for the first time. Raises SimulationError, or what AWS answered."""
    facts = _facts(project)
    buckets = {"lake": facts["lake/lake_bucket"], "landing": facts["lake/landing_bucket"]}
    url = environment.get("STOREFRONT_URL") or facts["storefront/url"]
    lake = Lake(boto3.client("athena"), project)
    functions = Functions(boto3.client("lambda", config=_PATIENT), project)
    jobs = Jobs(boto3.client("glue"), project, manner.patience)
    store = jobs.argument("bronze-to-silver", "store_id", "online")
    shop = Shop.at(url)
    s3: Any = boto3.client("s3")
    sources = Sources(
        files=StoreFiles(plan, lake, s3, buckets["landing"]),
        orders=Orders(plan, lake, shop, store),
        clicks=Clicks(plan, lake, shop, boto3.client("kinesis"), facts["events/stream_name"]),
        feed=Feed(plan, lake, s3, functions, buckets),
    )
    return Simulation(plan, sources, functions, jobs, console, manner.patience, manner.days_a_minute, manner.nightly)


def _facts(project: str) -> dict[str, str]:
    names = {f"/{project}/{fact}": fact for fact in _FACTS}
    found = boto3.client("ssm").get_parameters(Names=list(names))["Parameters"]
    facts = {names[one["Name"]]: one["Value"] for one in found}
    if missing := [name for name, fact in names.items() if fact not in facts]:
        raise SimulationError(
            f"{', '.join(missing)} is not in Parameter Store: a part of the platform is not there. Apply the three "
            "Terraform roots (`make deploy`), in the order app, batch, streaming."
        )
    return facts
