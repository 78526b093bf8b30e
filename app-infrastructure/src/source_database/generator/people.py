"""Offices, employees and customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from source_database.generator import words
from source_database.generator.columns import Floats, Ints, batch, chosen, moments, money
from source_database.generator.plan import Plan

REP_CUSTOMERS = 150  # customers that one sales representative looks after
NEVER_ORDER = 0.18  # share of customers without any order, as in classicmodels
_TITLES = [
    "President",
    "VP Sales",
    "VP Marketing",
    "Sales Manager (NA)",
    "Sales Manager (EMEA)",
    "Sales Manager (APAC)",
]
_MANAGER_BY_TERRITORY = {"NA": 3, "EMEA": 4, "Japan": 5, "APAC": 5}


@dataclass(frozen=True)
class Customers:
    """What sales need to know of the customers, who are sorted by the day they joined.

    number: (C,); joined: (C,) day from which one may order; reach: (C,) running sum of their activity;
    thrift: (C,) usual discount.
    """

    number: Ints
    joined: Ints
    reach: Floats
    thrift: Floats


def offices(plan: Plan) -> pa.RecordBatch:
    names = "officeCode city phone addressLine1 addressLine2 state country postalCode territory".split()
    columns = dict(zip(names, zip(*words.OFFICES, strict=True), strict=True))
    return batch("offices", **columns, updatedAt=_at_start(plan, len(words.OFFICES)))


def employees(plan: Plan) -> tuple[pa.RecordBatch, dict[str, list[int]]]:
    """The employees, and the numbers of the sales representatives by territory."""
    chance = plan.chance("employees")
    reps = int(np.clip(plan.customers // REP_CUSTOMERS, 17, 2000))
    territories = [list(words.OFFICES_BY_TERRITORY)[i % 4] for i in range(reps)]
    offices = ["1", "1", "1", "1", "4", "6"]
    offices += [
        words.OFFICES_BY_TERRITORY[t][i % len(words.OFFICES_BY_TERRITORY[t])] for i, t in enumerate(territories)
    ]
    total = len(_TITLES) + reps
    numbers = 1002 + np.cumsum(chance.integers(1, 60, total))
    first = chance.integers(0, len(words.FIRST_NAMES), total)
    last = chance.integers(0, len(words.LAST_NAMES), total)
    reports = [None, 0, 0, 1, 1, 1] + [_MANAGER_BY_TERRITORY[t] for t in territories]
    people = batch(
        "employees",
        employeeNumber=numbers,
        lastName=chosen(words.LAST_NAMES, last),
        firstName=chosen(words.FIRST_NAMES, first),
        extension=[f"x{extension}" for extension in chance.integers(100, 9999, total)],
        email=[f"rep{number}@classicmodels.example" for number in numbers],
        officeCode=offices,
        reportsTo=[None if manager is None else int(numbers[manager]) for manager in reports],
        jobTitle=_TITLES + ["Sales Rep"] * reps,
        updatedAt=_at_start(plan, total),
    )
    by_territory: dict[str, list[int]] = {}
    for territory, number in zip(territories, numbers[len(_TITLES) :], strict=True):
        by_territory.setdefault(territory, []).append(int(number))
    return people, by_territory


def customers(plan: Plan, reps: dict[str, list[int]]) -> tuple[pa.RecordBatch, Customers]:
    """The customers as a table, and as sales see them."""
    chance = plan.chance("customers")
    count = plan.customers
    behind = _behind(plan, chance)
    activity = np.diff(behind.reach, prepend=0.0)
    place = _places(chance, count)
    reps_of = [reps[place.territory] for place in words.PLACES]
    rep = np.array(
        [reps_of[p][pick % len(reps_of[p])] for p, pick in zip(place, chance.integers(0, 1 << 30, count), strict=True)]
    )
    credit = np.where(activity > 0, np.exp(chance.normal(11.2, 0.5, count)), 0.0)
    credit[chance.random(count) < 0.05] = 0
    table = batch(
        "customers",
        customerNumber=behind.number,
        **_names(chance, count),
        **_addresses(chance, place),
        salesRepEmployeeNumber=pa.array(rep, mask=(activity == 0) | (chance.random(count) < 0.02)),
        creditLimit=money(np.rint(credit / 100).astype(np.int64) * 10_000, absent=chance.random(count) < 0.02),
        updatedAt=moments(plan.first_day, behind.joined, chance.integers(28_800, 64_800, count) * 1_000_000),
    )
    return table, behind


def _behind(plan: Plan, chance: np.random.Generator) -> Customers:
    """A third of the customers were there before the first day, the others join as time goes by."""
    count = plan.customers
    joined = np.sort(chance.integers(-plan.days // 2, plan.days - 30, count))
    activity = np.exp(chance.normal(0, 1.1, count))
    activity[chance.random(count) < NEVER_ORDER] = 0
    activity[0] = 1.0  # someone can order on the first day
    return Customers(
        number=102 + np.cumsum(chance.integers(1, 5, count)),
        joined=joined,
        reach=np.cumsum(activity),
        thrift=chance.choice([0.0, 0.05, 0.1, 0.15], count, p=[0.4, 0.3, 0.2, 0.1]),
    )


def _places(chance: np.random.Generator, count: int) -> Ints:
    weights = 1 / np.arange(3, len(words.PLACES) + 3) ** 0.6
    order = np.random.default_rng(7).permutation(len(weights))  # which places are large is no matter of the seed
    place = chance.choice(len(weights), count, p=weights[order] / weights.sum())
    place[: len(weights)] = order  # nobody is too small a shop for a customer everywhere
    return place


def _names(chance: np.random.Generator, count: int) -> dict[str, object]:
    heads = chance.integers(0, len(words.COMPANY_HEADS), (2, count))
    tails = chance.integers(0, len(words.COMPANY_TAILS), count)
    blank = chance.random(count) < 0.1
    return {
        "customerName": [
            f"{words.COMPANY_HEADS[a]} {words.COMPANY_HEADS[b]} {words.COMPANY_TAILS[t]}"[:50]
            for a, b, t in zip(*heads, tails, strict=True)
        ],
        "contactLastName": chosen(words.LAST_NAMES, chance.integers(0, len(words.LAST_NAMES), count)),
        "contactFirstName": [
            words.FIRST_NAMES[name] + (" " if trailing else "")
            for name, trailing in zip(chance.integers(0, len(words.FIRST_NAMES), count), blank, strict=True)
        ],
    }


def _addresses(chance: np.random.Generator, place: Ints) -> dict[str, object]:
    count = len(place)
    numbers = chance.integers(1, 9000, count)
    streets = chance.integers(0, len(words.STREETS), count)
    lines = [f"Level {level}" for level in range(1, 20)]
    nowhere = chance.random(count) < 0.03  # postal codes that nobody wrote down
    codes = [found.postal_code for found in words.PLACES]
    return {
        "phone": [
            f"{words.PLACES[p].dialling} 555 {number:04d}"
            for p, number in zip(place, chance.integers(0, 10_000, count), strict=True)
        ],
        "addressLine1": [f"{number} {words.STREETS[s]}" for number, s in zip(numbers, streets, strict=True)],
        "addressLine2": chosen(lines, chance.integers(0, len(lines), count), absent=chance.random(count) < 0.8),
        "city": chosen([found.city for found in words.PLACES], place),
        "state": chosen([found.state for found in words.PLACES], place),
        "postalCode": chosen(codes, place, absent=nowhere),
        "country": chosen([found.country for found in words.PLACES], place),
    }


def _at_start(plan: Plan, count: int) -> pa.Array:
    nothing = np.zeros(count, dtype=np.int64)
    return moments(plan.first_day, nothing, nothing)
