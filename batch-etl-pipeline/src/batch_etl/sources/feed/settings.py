"""The environment of each of the feed's functions as one frozen value, checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batch_etl.errors import OptionError
from batch_etl.sources.feed.sales import Sales


@dataclass(frozen=True)
class CatalogueSettings:
    """LANDING_BUCKET, where the catalogue is kept; CATALOGUE_URL, the shop's list of products."""

    landing_bucket: str
    url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> CatalogueSettings:
        return cls(required(environment, "LANDING_BUCKET"), required(environment, "CATALOGUE_URL"))


@dataclass(frozen=True)
class GeneratorSettings:
    """retail-transaction-generator. Environment: CatalogueSettings', SEED (7), TRANSACTIONS (40) in five minutes of an
    average hour, CUSTOMERS (500) who may buy."""

    catalogue: CatalogueSettings
    sales: Sales

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> GeneratorSettings:
        return cls(
            CatalogueSettings.from_environment(environment),
            Sales(
                whole(environment, "SEED", Sales.seed),
                whole(environment, "TRANSACTIONS", Sales.mean),
                whole(environment, "CUSTOMERS", Sales.customers),
            ),
        )


@dataclass(frozen=True)
class TableSettings:
    """Where retail_silver.transactions is. Environment: LAKE_BUCKET, DATABASE, TABLE (transactions)."""

    lake_bucket: str
    database: str
    table: str = "transactions"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> TableSettings:
        return cls(
            required(environment, "LAKE_BUCKET"),
            required(environment, "DATABASE"),
            environment.get("TABLE") or cls.table,
        )


@dataclass(frozen=True)
class TransformerSettings:
    """retail-transaction-transformer. Environment: CatalogueSettings', TableSettings', LATEST_TABLE, KEEP_DAYS (30)
    that a transaction can be looked up, and is known when it comes again."""

    catalogue: CatalogueSettings
    table: TableSettings
    latest_table: str
    keep_days: int = 30

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> TransformerSettings:
        return cls(
            CatalogueSettings.from_environment(environment),
            TableSettings.from_environment(environment),
            required(environment, "LATEST_TABLE"),
            whole(environment, "KEEP_DAYS", cls.keep_days),
        )


def required(environment: Mapping[str, str], name: str) -> str:
    """Raises OptionError, which names the variable."""
    if not environment.get(name):
        raise OptionError(name, None, "Set it in the function's environment; Terraform does.")
    return environment[name]


def whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise OptionError(name, text, "Set it to a whole number from 1 on.")
    return int(text)
