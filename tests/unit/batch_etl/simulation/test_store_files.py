"""The simulated store files, read by what reads every store file: what it finds is what the sender counted."""

from __future__ import annotations

import io
from collections import Counter
from decimal import Decimal

import boto3
from batch_etl.simulation.store_files import StoreFiles
from batch_etl.sources.store_files.contracts_at import shipped
from batch_etl.sources.store_files.entries import Limits
from batch_etl.sources.store_files.opening import Content
from batch_etl.sources.store_files.reading import batches_of
from batch_etl.sources.store_files.typed_rows import typed
from simulation_world import EmptyLake, plan

LIMITS = Limits(workbook=2**24, scan=2**20)
LANDING = "shop-landing"


def landed(session: boto3.Session) -> dict[str, bytes]:
    s3 = session.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=LANDING)["Contents"]]
    return {key: s3.get_object(Bucket=LANDING, Key=key)["Body"].read() for key in keys}


def read(key: str, body: bytes) -> tuple[list[dict], int]:
    """Good rows and the count of bad ones."""
    good, bad = [], 0
    content = Content(key.removeprefix("store-files/"), lambda: io.BytesIO(body), len(body))
    for batch in batches_of(content, shipped(), LIMITS, lambda *_: None):
        found = typed(batch.rows, batch.contract)
        good += found.good.to_pylist()
        bad += len(found.defects) + len(batch.defects)
    return good, bad


def test_a_reader_finds_what_the_sender_counted_in_every_format(mocked_aws):
    mocked_aws.client("s3").create_bucket(Bucket=LANDING)
    source = StoreFiles(plan(files=4), EmptyLake(), mocked_aws.client("s3"), LANDING)
    for day in (0, 1):
        source.drive(day)

    files = {key: read(key, body) for key, body in landed(mocked_aws).items()}
    times = Counter(row["transaction_id"] for good, _ in files.values() for row in good)
    prices = {row["transaction_id"]: row["price"] for good, _ in files.values() for row in good}

    assert {key.rpartition(".")[2] for key in files} == {"csv", "json", "xlsx"}
    assert all(key.startswith("store-files/simulation/20260308T101500-7/") for key in files)
    assert source.sent.good == {
        "rows": len(prices), "sales": len(prices), "amount": sum(prices.values(), Decimal(0)),
    }  # fmt: skip
    assert source.sent.repeated == sum(times.values()) - len(prices) == 2 * 180, "the last file of each day, once more"
    assert source.sent.bad == sum(bad for _, bad in files.values()) == 10 * 20
    assert source.sent.records == 10 * 200


def test_without_a_bad_share_no_row_is_bad(mocked_aws):
    mocked_aws.client("s3").create_bucket(Bucket=LANDING)
    source = StoreFiles(plan(bad_share=0.0), EmptyLake(), mocked_aws.client("s3"), LANDING)
    source.drive(0)
    assert (source.sent.bad, [bad for _, bad in (read(*one) for one in landed(mocked_aws).items())]) == (0, [0, 0, 0])
