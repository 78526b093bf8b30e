"""Files to rows of the table, each once, whatever is sent twice, changed, broken or interrupted."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest
from batch_etl.sources.store_files import ingestion as ingestion_module
from batch_etl.sources.store_files.arrivals import PREFIX
from batch_etl.sources.store_files.staging import FileStager
from damaged_files import corpus, without_bombs
from file_world import LANDING, FileWorld

HEADER = "title,price,age_group,genre,book_id,transaction_id\n"


def sale(transaction: str, price: str = "10.00") -> str:
    return f"1984,{price},20s,Fiction,B1,{transaction}\n"


def counts(report: dict) -> tuple[int, int, int, int]:
    found = report["counts"]
    assert found["read"] == found["good"] + found["duplicates"] + found["quarantined"]
    return found["read"], found["good"], found["duplicates"], found["quarantined"]


def test_the_bookstores_files_count_once_however_often_they_come(world: FileWorld, shared_data: Path):
    contents = {path.name: path.read_bytes() for path in sorted((shared_data / "bookstore").iterdir())}
    first = world.load("run-1", *(world.drop(name, content) for name, content in contents.items()))
    read, good, duplicates, bad = counts(first)
    assert (good, duplicates, bad) == (read, 0, 0)
    published = world.sales()
    assert len(published) == read

    again = world.load("run-2", *(world.drop(f"again/{name}", content) for name, content in contents.items()))
    assert counts(again) == (read, 0, read, 0)
    assert world.sales() == published


def test_a_row_that_contradicts_an_earlier_one_is_quarantined(world: FileWorld):
    first = world.drop("a.csv", HEADER + sale("T1") + sale("T2") + sale("T2", "9.99"), "2026-01-01T00:00:01Z")
    second = world.drop("b.csv", HEADER + sale("T1", "11.00") + sale("T1") + sale("T3"), "2026-01-01T00:00:02Z")
    assert counts(world.load("run-1", second, first)) == (6, 3, 1, 2)
    assert world.sales() == {"T1": Decimal("10.00"), "T2": Decimal("10.00"), "T3": Decimal("10.00")}
    found = sorted((line["source_file"], line["source_line"], line["field"]) for line in world.quarantined())
    assert found == [("store-files/a.csv", 4, "transaction_id"), ("store-files/b.csv", 2, "transaction_id")]
    assert all("says something else" in line["reason"] and line["remedy"] for line in world.quarantined())


def test_bad_rows_are_quarantined_with_their_place_and_the_file_is_loaded(world: FileWorld):
    file = world.drop("a.csv", HEADER + sale("T1") + sale("T2", "free") + "short\n")
    report = world.load("run-1", file)
    assert counts(report) == (3, 1, 0, 2)
    assert report["subject"].endswith("loaded, 0 files refused, 2 rows quarantined")
    assert [(line["source_line"], line["field"]) for line in world.quarantined()] == [(3, "price"), (4, "")]
    row = world.ledger.find(file)
    assert row is not None
    assert (row["status"], row["rowsIn"], row["rowsGood"], row["rowsBad"], row["rowsDuplicate"]) == (
        "LOADED",
        3,
        1,
        2,
        0,
    )
    assert len(row["contentHash"]) == 64


def test_a_file_that_cannot_be_read_is_kept_whole_and_told(world: FileWorld):
    file = world.drop("../odd name é+%20.xlsx", b"no workbook")
    report = world.load("run-1", file)
    assert report["subject"].endswith("FAILED, 1 files refused")
    assert report["reasons"][0].startswith("../odd name é+%20.xlsx: the file is no workbook")
    (kept,) = world.lake_keys("quarantine/store_files/files/run-1/")
    assert world.lake_object(kept) == b"no workbook"
    assert world.ledger.status(file) == "REFUSED"


def test_a_file_that_breaks_off_gives_its_rows_and_is_kept_whole(world: FileWorld):
    whole = HEADER + "".join(sale(f"T{at * 7919 % 100_003}") for at in range(20_000))
    content = gzip.compress(whole.encode())[:-4000]
    report = world.load("run-1", world.drop("a.csv.gz", content))
    read, good, _, bad = counts(report)
    assert (bad, good) == (1, read - 1)
    (kept,) = world.lake_keys("quarantine/store_files/files/run-1/")
    assert world.lake_object(kept) == content


def test_the_version_that_arrived_is_read_though_its_key_was_overwritten(world: FileWorld):
    first = world.drop("a.csv", HEADER + sale("T1"))
    second = world.drop("a.csv", HEADER + sale("T2"))
    assert counts(world.load("run-1", first)) == (1, 1, 0, 0)
    assert set(world.sales()) == {"T1"}
    assert counts(world.load("run-2", second)) == (1, 1, 0, 0)
    assert set(world.sales()) == {"T1", "T2"}


def test_a_file_that_is_deleted_before_it_is_read_is_told(world: FileWorld):
    file, other = world.drop("a.csv", HEADER + sale("T1")), world.drop("b.csv", HEADER + sale("T2"))
    assert world.validate("run-1", file, other)["accepted"] == 2
    world.s3.delete_object(Bucket=LANDING, Key=file.key, VersionId=file.version)
    report = world.ingest("run-1")
    assert report["counts"]["files_refused"] == 1
    assert "deleted before it was read" in report["reasons"][0]
    assert set(world.sales()) == {"T2"}


def test_a_run_that_dies_after_its_commit_is_repeated_without_doubling(world: FileWorld, monkeypatch):
    file = world.drop("a.csv", HEADER + sale("T1") + sale("T1") + sale("T2"))
    world.validate("run-1", file)
    with monkeypatch.context() as patched:
        patched.setattr(ingestion_module.Ledger, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            world.ingest("run-1")
    assert set(world.sales()) == {"T1", "T2"}
    assert world.ledger.status(file) == "CLAIMED"

    assert counts(world.ingest("run-1")) == (3, 2, 1, 0)
    assert set(world.sales()) == {"T1", "T2"}
    row = world.ledger.find(file)
    assert row is not None
    assert (row["status"], row["rowsGood"], row["rowsDuplicate"]) == ("LOADED", 2, 1)


def test_a_run_that_dies_before_its_commit_is_repeated_without_loss(world: FileWorld, monkeypatch):
    file = world.drop("a.csv", HEADER + sale("T1"))
    world.validate("run-1", file)
    with monkeypatch.context() as patched:

        def lost(_: object) -> None:
            raise RuntimeError("the lock is lost")

        patched.setattr(ingestion_module.Lock, "renew", lost)
        with pytest.raises(RuntimeError, match="the lock is lost"):
            world.ingest("run-1")
    assert world.sales() == {}
    row = world.ledger.find(file)
    assert row is not None
    assert (row["status"], row["reason"]) == ("FAILED", "RuntimeError: the lock is lost")
    assert counts(world.ingest("run-1")) == (1, 1, 0, 0)
    assert world.branches() == ["main"]


def test_a_disk_that_is_full_fails_the_run_and_loses_nothing(world: FileWorld, monkeypatch):
    file = world.drop("a.csv", HEADER + sale("T1"))
    world.validate("run-1", file)
    with monkeypatch.context() as patched:

        def full(stager: FileStager, *_: object) -> str:
            raise OSError(28, "No space left on device")

        patched.setattr(FileStager, "_download", full)
        with pytest.raises(Exception, match="Free space, then `retail replay-files`"):
            world.ingest("run-1")
    assert world.ledger.status(file) == "FAILED"
    assert counts(world.ingest("run-1")) == (1, 1, 0, 0)


def test_a_file_that_another_run_has_is_left_to_it(world: FileWorld):
    file = world.drop("a.csv", HEADER + sale("T1"))
    assert world.validate("run-1", file) == {"accepted": 1, "refused": 0, "skipped": 0}
    assert world.validate("run-2", file) == {"accepted": 0, "refused": 0, "skipped": 1}
    assert world.validate("run-1", file, file) == {"accepted": 1, "refused": 0, "skipped": 1}


def test_a_contract_in_the_lake_brings_a_table_of_its_own(world: FileWorld):
    contract = """
contract: grocery
table: grocery_sales
key: [receipt, position]
columns:
  receipt: {type: bigint, required: true, aliases: [bon]}
  position: {type: bigint, required: true}
  amount: {type: "decimal(8,2)", required: true}
"""
    world.s3.put_object(Bucket="lake", Key="contracts/grocery.yaml", Body=contract)
    grocery = world.drop("g.csv", "Bon;Position;Amount\n1;1;2.50\n1;2;3.00\n1;2;3.00\n")
    books = world.drop("b.csv", HEADER + sale("T1"))
    report = world.load("run-1", grocery, books)
    assert counts(report) == (4, 3, 1, 0)
    assert {name: facts["rows"] for name, facts in report["tables"].items()} == {"grocery_sales": 2, "store_sales": 1}
    assert set(world.sales()) == {"T1"}


@pytest.mark.parametrize("count", [46, pytest.param(330, marks=pytest.mark.slow)])
def test_a_damaged_corpus_loses_nothing_and_doubles_nothing(world: FileWorld, count: int):
    files = list(without_bombs(corpus(count, seed=66)))
    assert len(files) >= count * 0.9
    dropped = [world.drop(file.name, file.content) for file in files]
    report = world.load("run-1", *dropped)
    read, good, duplicates, bad = counts(report)
    published = world.sales()
    assert good == len(published)
    assert duplicates == 0
    assert bad == len(world.quarantined())
    assert frozenset().union(*(file.whole for file in files)) <= set(published)
    assert not frozenset().union(*(file.broken for file in files)) & set(published)
    rows = [world.ledger.find(file) for file in dropped]
    assert {row["status"] for row in rows if row} == {"LOADED", "REFUSED"}
    assert sum(int(row["rowsIn"]) for row in rows if row) == read

    again = [world.drop(f"again/{file.name}", file.content) for file in files]
    assert counts(world.load("run-2", *again))[1:3] == (0, good)
    assert world.sales() == published


def test_what_was_staged_does_not_stay(world: FileWorld):
    world.load("run-1", world.drop("a.csv", HEADER + sale("T1")))
    assert world.lake_keys("staged-files/") == []
    files = json.loads(world.lake_object("runs/run-1/files.json"))["files"]
    assert [file["key"] for file in files] == [PREFIX + "a.csv"]
