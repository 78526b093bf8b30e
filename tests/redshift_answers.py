"""The BI questions of sql/redshift answered in plain Python from the lake's own files: no SQL, no engine."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pyarrow.parquet as pq
from batch_etl.analytics.athena import ask

Row = dict[str, Any]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Gold:
    """The rows of the published tables; `kept` are the order lines that were not cancelled."""

    kept: list[Row]
    products: dict[str, Row]

    @classmethod
    def read(cls, aws: Any) -> Gold:
        lines = [line for line in _rows(aws, "fact_orders") if line["status"] != "Cancelled"]
        return cls(lines, {row["productcode"]: row for row in _rows(aws, "dim_products")})


def _rows(aws: Any, table: str) -> list[Row]:
    """A table's rows from its data files, which Iceberg lists."""
    listed = ask(
        aws.client("athena"),
        f'SELECT file_path FROM "{table}$files" WHERE content = 0',
        workgroup="retail-analytics",
        database="retail_gold",
    )
    found: list[Row] = []
    for (path,) in listed.rows:
        bucket, _, key = path.removeprefix("s3://").partition("/")
        body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        data = pq.ParquetFile(io.BytesIO(body)).read()
        found += data.rename_columns([name.lower() for name in data.column_names]).to_pylist()
    return found


def rounded(value: Fraction, places: int = 2) -> Decimal:
    """Half up, as SQL casts to DECIMAL."""
    exact = abs(value) * 10**places
    whole = Decimal((2 * exact.numerator + exact.denominator) // (2 * exact.denominator))
    return (whole if value >= 0 else -whole).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def percent(part: Any, whole: Any) -> Decimal:
    return rounded(100 * Fraction(part) / Fraction(whole))


def total(lines: Iterable[Row]) -> Decimal:
    return sum((line["orderamount"] for line in lines), Decimal(0))


def grouped(lines: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for line in lines:
        found[key(line)].append(line)
    return found


def cohort_retention(gold: Gold) -> Rows:
    def quarter(day: date) -> date:
        return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)

    active = {(line["customernumber"], quarter(line["orderdate"])) for line in gold.kept}
    first: dict[int, date] = {}
    for customer, at in sorted(active, key=lambda pair: pair[1]):
        first.setdefault(customer, at)
    sizes, seen = Counter(first.values()), Counter((first[customer], at) for customer, at in active)
    quarters = sorted({at for _, at in active})
    return [
        (
            cohort,
            (at.year - cohort.year) * 4 + (at.month - cohort.month) // 3,
            size,
            seen[cohort, at],
            percent(seen[cohort, at], size),
        )
        for cohort, size in sorted(sizes.items())
        for at in quarters
        if at >= cohort
    ]


def rfm_segments(gold: Gold) -> Rows:
    customers = {
        number: (
            max(line["orderdate"] for line in lines),
            len({line["ordernumber"] for line in lines}),
            total(lines),
        )
        for number, lines in grouped(gold.kept, lambda line: line["customernumber"]).items()
    }
    latest = max(last for last, _, _ in customers.values())
    scores = [_fifths(customers, place) for place in range(3)]
    segments = grouped(
        ({"number": number} for number in customers), lambda row: _segment(*(score[row["number"]] for score in scores))
    )
    revenue = sum((amount for _, _, amount in customers.values()), Decimal(0))
    answer = []
    for segment, members in segments.items():
        figures = [customers[member["number"]] for member in members]
        days = sum((latest - last).days for last, _, _ in figures)
        amount = sum((spent for _, _, spent in figures), Decimal(0))
        answer.append(
            (
                segment,
                len(members),
                sum(orders for _, orders, _ in figures),
                amount,
                percent(amount, revenue),
                rounded(Fraction(days, len(members)), 1),
            )
        )
    return sorted(answer, key=lambda row: (-row[3], row[0]))


def _fifths(customers: dict[int, tuple[Any, ...]], place: int) -> dict[int, int]:
    """NTILE(5): the first fifths are one larger when the count does not divide."""
    order = sorted(customers, key=lambda number: (customers[number][place], number))
    size, larger = divmod(len(order), 5)
    tiles = [tile for tile in range(1, 6) for _ in range(size + (tile <= larger))]
    return dict(zip(order, tiles, strict=True))


def _segment(recency: int, frequency: int, monetary: int) -> str:
    if min(recency, frequency, monetary) >= 4:
        return "champions"
    if recency >= 4 and frequency <= 2:
        return "new or promising"
    if recency >= 3 and frequency >= 3:
        return "loyal"
    if recency <= 2 and frequency >= 4:
        return "at risk"
    return "hibernating" if recency <= 2 and frequency <= 2 else "needs attention"


def rolling_revenue(gold: Gold) -> Rows:
    def month(day: date) -> int:
        return day.year * 12 + day.month - 1

    sums: Counter[Any] = Counter()
    for line in gold.kept:
        sums[gold.products[line["productcode"]]["productline"], month(line["orderdate"])] += line["orderamount"]
    months = [at for _, at in sums]
    return [
        (
            name,
            f"{at // 12}-{at % 12 + 1:02}",
            sums[name, at] or Decimal(0),
            sum((sums[name, at - back] for back in range(3)), Decimal(0)),
            sum((sums[name, so_far] for so_far in range(at // 12 * 12, at + 1)), Decimal(0)),
        )
        for name in sorted({name for name, _ in sums})
        for at in range(min(months), max(months) + 1)
    ]


def year_over_year(gold: Gold) -> Rows:
    lines = grouped(gold.kept, lambda line: (gold.products[line["productcode"]]["productline"], line["orderdate"].year))
    revenue = {key: total(found) for key, found in lines.items()}
    answer = []
    for (name, year), amount in sorted(revenue.items()):
        before = revenue.get((name, year - 1))
        growth = percent(amount - before, before) if before else None
        rank = 1 + sum(other > amount for (_, of), other in revenue.items() if of == year)
        orders = len({line["ordernumber"] for line in lines[name, year]})
        answer.append((name, year, orders, amount, before, growth, rank))
    return answer


def pareto(gold: Gold) -> Rows:
    revenue = {code: total(lines) for code, lines in grouped(gold.kept, lambda line: line["productcode"]).items()}
    everything, so_far, answer = sum(revenue.values(), Decimal(0)), Decimal(0), []
    for place, (code, amount) in enumerate(sorted(revenue.items(), key=lambda pair: (-pair[1], pair[0])), 1):
        above = Fraction(so_far) / Fraction(everything)
        grade = "A" if above < Fraction(80, 100) else "B" if above < Fraction(95, 100) else "C"
        so_far += amount
        product = gold.products[code]
        answer.append(
            (place, code, product["productname"], product["productline"], amount, percent(so_far, everything), grade)
        )
    return answer


def basket_affinity(gold: Gold) -> Rows:
    baskets = {
        order: {line["productcode"] for line in lines}
        for order, lines in grouped(gold.kept, lambda line: line["ordernumber"]).items()
    }
    alone = Counter(code for basket in baskets.values() for code in basket)
    together = Counter(pair for basket in baskets.values() for pair in permutations(basket, 2))
    name = {code: product["productname"] for code, product in gold.products.items()}
    answer = [
        (
            one,
            name[one],
            other,
            name[other],
            both,
            percent(both, len(baskets)),
            percent(both, alone[one]),
            rounded(Fraction(both * len(baskets), alone[one] * alone[other])),
        )
        for (one, other), both in together.items()
        if both * len(baskets) > alone[one] * alone[other]
    ]
    return sorted(answer, key=lambda row: (-row[4], -row[6], row[0], row[2]))[:25]


ANSWERS = {
    answer.__name__: answer
    for answer in (cohort_retention, rfm_segments, rolling_revenue, year_over_year, pareto, basket_affinity)
}
