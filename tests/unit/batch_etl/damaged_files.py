"""Store files as they should not be: made from a seed, each with the ids of the rows that its damage left whole."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from openpyxl import Workbook

Sale = dict[str, str]
COLUMNS = ("title", "price", "age_group", "genre", "book_id", "transaction_id")
_TITLES = ("The Alchemist", "It Ends with Us", 'The "Silent" Patient', "Sapiens; a history", "Café, au lait", "1984")
_GENRES = ("Fiction", "Finance", "Self-Help")


@dataclass(frozen=True)
class DamagedFile:
    """`whole`: ids whose rows must arrive; `broken`: ids of which none may; of ids in neither both is right."""

    name: str
    content: bytes
    whole: frozenset[str]
    broken: frozenset[str] = frozenset()


def corpus(count: int, seed: int) -> list[DamagedFile]:
    """So many files, every kind of damage about equally often."""
    chance = random.Random(seed)  # noqa: S311 - the same damage in every run
    kinds = list(DAMAGES)
    return [DAMAGES[kinds[at % len(kinds)]](f"{at:04d}", chance) for at in range(count)]


def sales(prefix: str, count: int, chance: random.Random) -> list[Sale]:
    return [
        {
            "title": chance.choice(_TITLES),
            "price": f"{chance.randrange(100, 5000) / 100:.2f}",
            "age_group": chance.choice(("20s", "30s", "")),
            "genre": chance.choice(_GENRES),
            "book_id": f"B{chance.randrange(10**6)}",
            "transaction_id": f"{prefix}-{at}",
        }
        for at in range(count)
    ]


def ids(rows: Sequence[Sale]) -> frozenset[str]:
    return frozenset(row["transaction_id"] for row in rows)


def as_csv(rows: Sequence[Sale], delimiter: str = ",", header: Sequence[str] = COLUMNS) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row[name] for name in COLUMNS] for row in rows)
    return text.getvalue()


def as_book(rows: Sequence[Sale], *more: Sequence[Sale]) -> bytes:
    book = Workbook()
    for at, part in enumerate((rows, *more)):
        sheet = book.active if at == 0 else book.create_sheet(f"Sheet {at}")
        sheet.append(COLUMNS)
        for row in part:
            sheet.append([float(row[name]) if name == "price" else row[name] for name in COLUMNS])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


Damage = Callable[[str, random.Random], DamagedFile]
DAMAGES: dict[str, Damage] = {}


def damage(function: Damage) -> Damage:
    DAMAGES[function.__name__] = function
    return function


def _with_bad_values(name: str, chance: random.Random, field: str, values: Sequence[str]) -> DamagedFile:
    rows = sales(name, chance.randrange(3, 30), chance)
    bad = chance.sample(rows, chance.randrange(1, len(rows)))
    whole = ids(rows) - ids(bad)
    broken = ids(bad) if field != "transaction_id" else frozenset()
    for row in bad:
        row[field] = chance.choice(values)
    return DamagedFile(f"{name}.csv", as_csv(rows).encode(), whole, broken)


@damage
def bad_prices(name: str, chance: random.Random) -> DamagedFile:
    return _with_bad_values(name, chance, "price", ["-1.00", "0", "free", "1,234.56", "12.345", "NaN", "$5", "", "1e3"])


@damage
def missing_ids(name: str, chance: random.Random) -> DamagedFile:
    return _with_bad_values(name, chance, "transaction_id", ["", "  "])


@damage
def missing_titles(name: str, chance: random.Random) -> DamagedFile:
    return _with_bad_values(name, chance, "title", ["", " \t"])


@damage
def ragged_rows(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 20, chance)
    lines = as_csv(rows).splitlines()
    hit = set(chance.sample(range(20), 5))
    damaged = [
        line + ",more,fields" if at in hit and at % 2 else line.rpartition(",")[0] if at in hit else line
        for at, line in enumerate(lines[1:])
    ]
    whole = frozenset(row["transaction_id"] for at, row in enumerate(rows) if at not in hit)
    return DamagedFile(f"{name}.csv", "\n".join([lines[0], *damaged]).encode(), whole, ids(rows) - whole)


@damage
def open_quote(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 20, chance)
    for row in rows:
        row["title"] = "Sapiens"
    lines = as_csv(rows).splitlines()
    hit = chance.randrange(1, 20)
    lines[hit] = '"' + lines[hit]
    struck = frozenset([rows[hit - 1]["transaction_id"]])
    return DamagedFile(f"{name}.csv", "\r\n".join(lines).encode(), ids(rows) - struck, struck)


@damage
def cut_off_csv(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 30, chance)
    content = as_csv(rows).encode()
    kept = content[: chance.randrange(120, len(content))]
    whole = kept.decode(errors="ignore").count("\n") - 1
    return DamagedFile(f"{name}.csv", kept, ids(rows[:whole]), ids(rows[whole + 1 :]))


@damage
def other_delimiter(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 10, chance)
    delimiter = chance.choice(";\t|^~")
    known = delimiter in ";\t|"
    content = as_csv(rows, delimiter).encode()
    return DamagedFile(f"{name}.CSV", content, ids(rows) if known else frozenset(), frozenset() if known else ids(rows))


@damage
def other_encoding(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 10, chance)
    encoding = chance.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
    return DamagedFile(f"{name}.csv", as_csv(rows).encode(encoding), ids(rows))


@damage
def bytes_that_are_no_text(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 10, chance)
    for row in rows:
        row["title"] = "Café über alles"
    lines = as_csv(rows).encode().splitlines()
    hit = chance.randrange(1, 11)
    lines[hit] = lines[hit].replace("é".encode(), b"\xff")
    struck = frozenset([rows[hit - 1]["transaction_id"]])
    return DamagedFile(f"{name}.csv", b"\n".join(lines), ids(rows) - struck, struck)


@damage
def other_header(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 10, chance)
    header = chance.choice(
        [
            ("Book Title", "Amount", "Age", "Category", "ISBN", "Transaction No"),  # aliases
            ("TITLE", " Price ", "Age Group", "GENRE", "Book-ID", "Transaction ID"),
            ("title", "price", "age_group", "genre", "book_id", "remark"),  # no key
            ("title", "price", "price", "genre", "book_id", "transaction_id"),  # twice
        ]
    )
    readable = header[-1] != "remark" and header[2] != "price"
    good = ids(rows) if readable else frozenset()
    return DamagedFile(f"{name}.csv", as_csv(rows, header=header).encode(), good, ids(rows) - good)


@damage
def nothing(name: str, chance: random.Random) -> DamagedFile:
    content = chance.choice([b"", b"\n\n", as_csv([]).encode(), b"\xef\xbb\xbf", b"[]", b"\x00" * 100])
    return DamagedFile(f"{name}.{chance.choice(['csv', 'json', 'xlsx', 'doc'])}", content, frozenset())


@damage
def json_surprises(name: str, chance: random.Random) -> DamagedFile:
    rows: list[dict[str, object]] = [{**row, "price": float(row["price"])} for row in sales(name, 12, chance)]
    hit = set(chance.sample(range(12), 4))
    surprises: list[object] = [float("nan"), {"amount": 5}, [1, 2], None, "much", True]
    for at in hit:
        rows[at]["price"] = chance.choice(surprises)
    lines = [json.dumps(row) for row in rows]
    if chance.random() < 0.5:
        content, suffix = "[" + ",".join(lines) + "]", "json"
    else:
        content, suffix = "\n".join(lines), chance.choice(["jsonl", "ndjson", "json"])
    whole = frozenset(f"{name}-{at}" for at in range(12) if at not in hit)
    return DamagedFile(f"{name}.{suffix}", content.encode(), whole, frozenset(f"{name}-{at}" for at in hit))


@damage
def broken_json(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 12, chance)
    items = [json.dumps(row, indent=2 if chance.random() < 0.5 else None) for row in rows]
    hit = chance.randrange(12)
    items[hit] = chance.choice(["{'title': 'x'}", '{"title": }', "oops", '{"a": 1,}', "7", "null", '"text"', "[]"])
    struck = frozenset([f"{name}-{hit}"])
    return DamagedFile(f"{name}.json", ("[\n" + ",\n".join(items) + "\n]").encode(), ids(rows) - struck, struck)


@damage
def cut_off_json(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 12, chance)
    items = [json.dumps(row) for row in rows]
    kept = chance.randrange(1, 12)
    content = "[" + ",".join(items[:kept]) + "," + items[kept][: chance.randrange(1, 20)]
    return DamagedFile(f"{name}.json", content.encode(), ids(rows[:kept]), ids(rows[kept:]))


@damage
def cut_off_book(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 10, chance)
    content = as_book(rows)
    return DamagedFile(f"{name}.xlsx", content[: chance.randrange(10, len(content) - 30)], frozenset(), ids(rows))


@damage
def flipped_bytes_in_a_book(name: str, chance: random.Random) -> DamagedFile:
    content = bytearray(as_book(sales(name, 10, chance)))
    for _ in range(chance.randrange(1, 8)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return DamagedFile(f"{name}.xlsx", bytes(content), frozenset())


@damage
def two_sheets_and_a_formula(name: str, chance: random.Random) -> DamagedFile:
    first, second = sales(f"{name}-a", 5, chance), sales(f"{name}-b", 5, chance)
    formula = sales(f"{name}-c", 1, chance)
    book = Workbook()
    for sheet, rows in ((book.active, first), (book.create_sheet("More"), [*second, *formula])):
        sheet.append(COLUMNS)
        for row in rows:
            sheet.append([row[column] for column in COLUMNS])
    book["More"].cell(7, 2).value = "=1+2"  # nobody has calculated it
    content = io.BytesIO()
    book.save(content)
    return DamagedFile(f"{name}.XLSX", content.getvalue(), ids(first) | ids(second), ids(formula))


@damage
def packed(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 40, chance)
    content = gzip.compress(as_csv(rows).encode())
    if chance.random() < 0.5:
        return DamagedFile(f"{name}.csv.GZ", content, ids(rows))
    return DamagedFile(f"{name}.csv.gz", content[: chance.randrange(5, len(content) - 8)], frozenset())


@damage
def archives(name: str, chance: random.Random) -> DamagedFile:
    rows = sales(name, 10, chance)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../etc/passwd.csv", as_csv(rows[:5]))
        archive.writestr("C:\\books\\more.json", json.dumps(rows[5:]))
        archive.writestr("readme.doc", "not a table")
        archive.writestr("inner.zip", b"PK\x03\x04 another archive")
    return DamagedFile(f"{name}.zip", content.getvalue(), ids(rows))


@damage
def bombs(name: str, chance: random.Random) -> DamagedFile:
    zeros = b"0" * (80 * 2**20)
    if chance.random() < 0.5:
        return DamagedFile(f"{name}.csv.gz", gzip.compress(zeros, 1), frozenset())
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", zeros)
        archive.writestr("[Content_Types].xml", "<Types/>")
    return DamagedFile(f"{name}.xlsx", content.getvalue(), frozenset())


@damage
def noise(name: str, chance: random.Random) -> DamagedFile:
    suffix = chance.choice(["csv", "json", "xlsx", "zip", "csv.gz", "jsonl", "tsv", "exe"])
    return DamagedFile(f"{name}.{suffix}", chance.randbytes(chance.randrange(1, 4000)), frozenset())


@damage
def flipped_bytes(name: str, chance: random.Random) -> DamagedFile:
    content = bytearray(as_csv(sales(name, 30, chance)).encode())
    for _ in range(chance.randrange(1, 10)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return DamagedFile(f"{name}.csv", bytes(content), frozenset())


def without_bombs(files: Sequence[DamagedFile]) -> Iterator[DamagedFile]:
    return (file for file in files if len(file.content) < 2**20)
