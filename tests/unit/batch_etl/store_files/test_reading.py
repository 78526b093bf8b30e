"""Every record of a file comes out, as a typed row or as a defect that says where, what and what to do."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

import pytest
from batch_etl.sources.store_files.contract import Contract, contract_of
from batch_etl.sources.store_files.contracts_at import shipped
from batch_etl.sources.store_files.entries import Defect, FileRefused, Limits
from batch_etl.sources.store_files.opening import Content
from batch_etl.sources.store_files.reading import batches_of, header_of
from batch_etl.sources.store_files.typed_rows import typed
from damaged_files import COLUMNS, DamagedFile, as_book, corpus
from openpyxl import Workbook

HEADER = "title,price,age_group,genre,book_id,transaction_id\n"


def line(transaction: str, price: str = "27.14", title: str = "1984") -> str:
    return f"{title},{price},20s,Fiction,B1,{transaction}\n"


@dataclass
class Found:
    rows: list[dict[str, object]] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)

    @property
    def ids(self) -> set[object]:
        return {row["transaction_id"] for row in self.rows}

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(defect.line, defect.reason) for defect in self.defects]


def read(
    name: str, content: bytes | str, contracts: list[Contract] | None = None, limits: Limits | None = None
) -> Found:
    found = Found()
    body = content.encode() if isinstance(content, str) else content
    opener: Callable[[], BinaryIO] = lambda: io.BytesIO(body)  # noqa: E731
    stored = Content(name, opener, len(body))
    for batch in batches_of(stored, contracts or shipped(), limits or Limits(), lambda _, d: found.defects.append(d)):
        checked = typed(batch.rows, batch.contract)
        found.rows += checked.good.to_pylist()
        found.defects += [*batch.defects, *checked.defects]
    return found


def refusal(name: str, content: bytes | str) -> str:
    with pytest.raises(FileRefused) as refused:
        read(name, content)
    assert refused.value.remedy
    return refused.value.reason


def test_a_row_has_the_contracts_types_and_says_where_it_stood():
    (row,) = read("a.csv", HEADER + line("T1")).rows
    assert row == {
        "transaction_id": "T1", "title": "1984", "genre": "Fiction", "price": Decimal("27.14"), "age_group": "20s",
        "book_id": "B1", "source_line": 2,
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_any_usual_encoding_is_told_from_the_bytes(encoding):
    content = (HEADER + line("T1", title="Café à l’été" if encoding != "latin-1" else "Café à été")).encode(encoding)
    assert str(read("a.csv", content).rows[0]["title"]).startswith("Café à")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_usual_delimiter_and_line_end_is_told_from_the_header(delimiter, end):
    content = (HEADER + line("T1") + line("T2")).replace(",", delimiter).replace("\n", end)
    assert read("A.CSV", content).ids == {"T1", "T2"}
    assert read("a.csv", f"sep={delimiter}{end}{content}").ids == {"T1", "T2"}


def test_a_header_may_use_aliases_in_any_spelling_and_order_and_have_more_columns():
    content = "Transaction No;Remark;BOOK TITLE; Amount ;Category;ISBN\nT1;signed copy;1984;5;Fiction;B1\n"
    (row,) = read("a.csv", content).rows
    assert (row["transaction_id"], row["title"], row["price"]) == ("T1", "1984", Decimal("5.00"))
    assert row["age_group"] is None


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("1,234.56", "is no decimal(10,2)"), ("free", "is no decimal(10,2)"), ("12.345", "is no decimal(10,2)"),
        ("NaN", "is no decimal(10,2)"), ("123456789.00", "is no decimal(10,2)"), ("-3", "is not above zero"),
        ("0.00", "is not above zero"), ("  ", "price is missing"),
    ],
)  # fmt: skip
def test_a_price_that_is_none_is_named_with_its_line(price, reason):
    found = read("a.csv", HEADER + line("T1") + line("T2", price=f'"{price}"') + line("T3"))
    assert found.ids == {"T1", "T3"}
    (defect,) = found.defects
    assert (defect.line, defect.field) == (3, "price")
    assert reason in defect.reason
    assert defect.remedy
    assert json.loads(defect.record)["transaction_id"] == "T2"


def test_zeros_that_change_nothing_do_no_harm():
    prices = ["27.1400", "+27.14", "0027.14", "27.14"]
    rows = read("a.csv", HEADER + "".join(line(f"T{at}", price) for at, price in enumerate(prices))).rows
    assert {row["price"] for row in rows} == {Decimal("27.14")}


def test_ragged_rows_fail_alone():
    content = HEADER + line("T1") + "short,1\n" + line("T2").strip() + ",more\n" + line("T3").strip() + ",,\n"
    found = read("a.csv", content)
    assert found.ids == {"T1", "T3"}
    assert found.reasons == [(3, "the row has 2 fields, the header 6"), (4, "the row has 7 fields, the header 6")]


def test_quotes_may_hold_delimiters_quotes_and_line_ends():
    found = read("a.csv", HEADER + '"A ""good"", long\nread",1.00,20s,Fiction,B1,T1\n' + line("T2"))
    assert [(row["title"], row["source_line"]) for row in found.rows] == [('A "good", long\nread', 2), ("1984", 4)]


def test_a_quote_that_never_closes_costs_its_line_alone():
    found = read("a.csv", HEADER + line("T1") + '"' + line("T2") + "".join(line(f"T{at}") for at in range(3, 500)))
    assert found.ids == {"T1", *(f"T{at}" for at in range(3, 500))}
    assert found.reasons == [(3, "a quote is opened and not closed as CSV has it")]


def test_bytes_that_are_no_letters_cost_their_row_alone():
    good = line("T1", title="Café").encode()
    found = read("a.csv", HEADER.encode() + good + good.replace(b"T1", b"T2").replace(b"\xc3\xa9", b"\xff"))
    assert found.ids == {"T1"}
    assert found.reasons == [(3, "title has bytes that are no letters")]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "", "the file is empty"),
        ("a.csv", HEADER, "the file has no rows"),
        ("a.csv", (HEADER + line("T1")).replace(",", "^"), "the header lacks transaction_id"),
        ("a.csv", "a,b\n1,2\n", "it names a, b"),
        ("a.csv", HEADER.replace("age_group", "amount") + line("T1"), "price twice"),
        ("a.json", "[]", "holds no object"),
        ("a.json", HEADER + line("T1"), "it is no JSON of rows"),
        ("a.xlsx", "no workbook", "the file is no workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0 old", "an old or an encrypted workbook"),
        ("a.pdf", "%PDF", "files of the kind .pdf are not read"),
        ("a", HEADER + line("T1"), "without a suffix"),
        ("a.csv.gz", gzip.compress(gzip.compress(b"x")), "an archive stands inside an archive"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name, content, reason):
    assert reason in refusal(name, content)


@pytest.mark.parametrize("layout", ["array", "pretty array", "lines", "one after another"])
def test_json_may_come_as_an_array_or_as_objects_that_follow_each_other(layout):
    objects = [dict(zip(COLUMNS, ("1984", 27.14, None, "Fiction", 7, f"T{at}"), strict=True)) for at in range(3)]
    content = {
        "array": json.dumps(objects),
        "pretty array": json.dumps(objects, indent=2),
        "lines": "\n".join(map(json.dumps, objects)),
        "one after another": "\n".join(json.dumps(one, indent=1) for one in objects),
    }[layout]
    found = read("a.json", content)
    assert found.ids == {"T0", "T1", "T2"}
    assert (found.rows[0]["price"], found.rows[0]["book_id"]) == (Decimal("27.14"), "7")


def test_json_surprises_cost_their_object_alone():
    prices = ["1.10", "NaN", '{"amount":1}', "[1]", "1e1", "1e400000000", "null", "oops"]
    rows = [
        f'{{"title":"A","price":{price},"genre":"F","book_id":"B","transaction_id":"T{at}"}}'
        for at, price in enumerate(prices, 1)
    ]
    found = read("a.json", "[" + ",".join([*rows, "7", "[]", '{"title": 1}']) + "]")
    assert found.ids == {"T1", "T5"}
    assert len(found.rows) + len(found.defects) == 11


def test_each_object_may_use_an_alias_of_its_own():
    first = {"title": "A", "price": 1, "genre": "F", "book_id": "B", "transaction_id": "T1"}
    second = {"Book Title": "B", "amount": 2, "genre": "F", "isbn": "B", "sale_id": "T2"}
    both = first | {"amount": 3, "transaction_id": "T3"}
    found = read("a.json", json.dumps([first, second, both]))
    assert {row["transaction_id"]: row["price"] for row in found.rows} == {"T1": Decimal(1), "T2": Decimal(2)}
    assert found.reasons == [(3, "amount is given twice")]


def test_a_number_keeps_every_digit_that_was_sent():
    content = '[{"title":"A","price":12345678.91,"genre":"F","book_id":123456789012345678901,"transaction_id":"T"}]'
    (row,) = read("a.json", content).rows
    assert (row["price"], row["book_id"]) == (Decimal("12345678.91"), "123456789012345678901")


def test_json_nested_without_end_is_refused_and_not_followed():
    assert read(
        "a.json", '[{"title":"A","transaction_id":"T","price":1,"genre":"F","book_id":"B"},' + "[" * 100_000
    ).ids


def test_what_was_cut_off_loses_the_rest_and_says_so():
    whole = HEADER + "".join(line(f"T{at * 7919 % 100_003}") for at in range(30_000))
    found = read("a.csv.gz", gzip.compress(whole.encode())[:-5000])
    assert len(found.rows) > 1000
    (rest,) = found.defects
    assert rest.rest
    assert "the rest cannot be read" in rest.reason


def test_every_sheet_of_a_workbook_is_read_and_a_formula_counts_by_its_stored_result():
    book = Workbook()
    for sheet, transaction in ((book.active, "T1"), (book.create_sheet("More"), "T2")):
        sheet.append(COLUMNS)
        sheet.append(["1984", 27.140000000000001, "20s", "Fiction", 7, transaction])
    book["More"].append(["1984", "=1+1", "20s", "Fiction", 7, "T3"])
    book.create_sheet("Notes").append(["call the shop"])
    content = io.BytesIO()
    book.save(content)
    found = read("a.XLSX", content.getvalue())
    assert [(row["transaction_id"], row["price"]) for row in found.rows] == [
        ("T1", Decimal("27.14")), ("T2", Decimal("27.14")),
    ]  # fmt: skip
    assert sorted(reason for _, reason in found.reasons)[1] == "price is missing"
    assert "Notes: the header lacks" in sorted(reason for _, reason in found.reasons)[0]


def test_members_of_an_archive_are_read_and_never_written_where_they_say():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../../../../tmp/evil.csv", HEADER + line("T1"))
        archive.writestr("books.xlsx", as_book([dict(zip(COLUMNS, ("A", "1", "", "F", "B", "T2"), strict=True))]))
    found = read("a.zip", content.getvalue())
    assert found.ids == {"T1", "T2"}
    assert found.defects == []


def test_bombs_are_refused_before_they_go_off():
    assert "unpacks to more than" in refusal("a.csv.gz", gzip.compress(b"0" * 100_000_000))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.csv", b"0" * 100_000_000)
    assert "the archive holds 1 files of 100,000,000 bytes" in refusal("a.zip", content.getvalue())


def test_a_line_without_end_does_not_fill_the_memory():
    endless = HEADER + line("T1") + "x" * 5_000_000
    found = read("a.csv", endless, limits=Limits(line=1_000_000))
    assert found.ids == {"T1"}
    assert "a line has more than 1,000,000 characters" in found.reasons[0][1]


def test_the_contract_whose_columns_are_there_is_the_one_that_holds():
    grocery = contract_of(
        {
            "contract": "grocery", "table": "grocery_sales", "key": ["receipt", "position"],
            "columns": {
                "receipt": {"type": "bigint", "required": True}, "position": {"type": "bigint", "required": True},
                "sold_at": {"type": "timestamp"}, "on": {"type": "date"}, "member": {"type": "boolean"},
            },
        },
        "grocery.yaml",
    )  # fmt: skip
    content = "receipt,position,sold_at,on,member\n7,1,2026-01-31T09:30:00+01:00,2026-01-31,Yes\n7,x,soon,never,maybe\n"
    found = read("a.csv", content, [*shipped(), grocery])
    assert str(found.rows[0]["sold_at"]) == "2026-01-31 08:30:00+00:00"
    assert (str(found.rows[0]["on"]), found.rows[0]["member"]) == ("2026-01-31", True)
    assert found.reasons == [(3, "position 'x' is no bigint")]


def test_the_validator_reads_no_further_than_the_first_row():
    class Watched(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(size)
            Watched.taken += len(content)
            return content

    body = (HEADER + line("T1") * 500_000).encode()
    contract = header_of(Content("a.csv", lambda: Watched(body), len(body)), shipped(), Limits(scan=2**20))
    assert contract.name == "bookstore"
    assert Watched.taken < 6 * 2**20


@pytest.mark.parametrize("file", corpus(330, seed=6), ids=lambda file: file.name)
def test_a_damaged_file_gives_its_whole_rows_and_no_broken_one(file: DamagedFile):
    try:
        found = read(file.name, file.content)
    except FileRefused:
        found = Found()
    assert file.whole <= found.ids
    assert not file.broken & found.ids
    assert len(found.rows) == len(found.ids)
    assert all(defect.reason and defect.remedy for defect in found.defects)
