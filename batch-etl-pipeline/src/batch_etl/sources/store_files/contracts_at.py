"""The contracts that hold: those shipped, and those that somebody put under s3://<lake>/contracts/."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from batch_etl.errors import ContractError
from batch_etl.sources.store_files.contract import Contract, contract_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "contracts/"


def contracts(s3: S3Client, lake_bucket: str) -> list[Contract]:
    """All of them; one in the lake replaces the shipped one of its name. Raises ContractError."""
    found = {contract.name: contract for contract in shipped()}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=lake_bucket, Prefix=PREFIX)
    for key in sorted(entry["Key"] for page in pages for entry in page.get("Contents", [])):
        if key.endswith((".yaml", ".yml")):
            text = s3.get_object(Bucket=lake_bucket, Key=key)["Body"].read().decode("utf-8", "replace")
            contract = _parsed(text, f"s3://{lake_bucket}/{key}")
            found[contract.name] = contract
    return list(found.values())


def shipped() -> list[Contract]:
    folder = files("batch_etl.sources.store_files") / "contracts"
    return [_parsed(file.read_text("utf-8"), file.name) for file in folder.iterdir() if file.name.endswith(".yaml")]


def _parsed(text: str, where: str) -> Contract:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ContractError(f"{where} is no YAML: {problem}") from problem
    return contract_of(document, where)
