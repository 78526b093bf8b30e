"""When a count is lost, when it is doubled, and when all adds up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from batch_etl.simulation.orders import among
from batch_etl.simulation.reconciliation import arrived, lines_of, star_lines
from batch_etl.simulation.source import Figures, Sent


@dataclass
class Sold:
    """A source that has sent ten good rows for 99.90, two bad ones and three once more."""

    sent: Sent
    name: str = "sales"
    look_at: str = "the till"
    marts: tuple[str, ...] = ("amount",)


def sold() -> Sold:
    sent = Sent("rows")
    sent.add(rows=10, amount=Decimal("99.90"), bad=2, repeated=3)
    return Sold(sent)


def silver(rows: int = 10, amount: str = "99.90") -> Figures:
    return {"rows": Decimal(rows), "amount": Decimal(amount)}


def verdicts(silver: Figures, gold: Figures, quarantined: int) -> list[str]:
    return [line.verdict for line in lines_of(sold(), silver, gold, quarantined)]


def test_sent_is_silver_and_quarantined_and_sent_twice():
    rows, amount = lines_of(sold(), silver(), {"amount": Decimal("99.90")}, 2)
    assert (rows.sent, rows.silver, rows.quarantined, rows.repeated, rows.gold) == (15, 10, 2, 3, None)
    assert rows.sent == rows.silver + rows.quarantined + rows.repeated
    assert (amount.sent, amount.silver, amount.gold) == (Decimal("99.90"),) * 3
    assert (rows.verdict, amount.verdict) == ("", "")


def test_what_is_lost_or_doubled_is_named_with_its_layer():
    gold = {"amount": Decimal("99.90")}
    assert verdicts(silver(rows=9), gold, 2) == ["silver short of 1", ""]
    assert verdicts(silver(rows=11, amount="109.90"), gold, 2) == ["silver over by 1", "silver over by 10.00"]
    assert verdicts(silver(), gold, 1) == ["quarantine short of 1", ""]
    assert verdicts(silver(), {"amount": Decimal("99.89")}, 2) == ["", "gold short of 0.01"]


def test_a_layer_that_has_nothing_has_lost_all():
    assert verdicts({}, {}, 0) == [
        "silver short of 10, quarantine short of 2", "silver short of 99.90, gold short of 99.90",
    ]  # fmt: skip
    assert [line.verdict for line in star_lines(sold(), {})] == ["gold short of 99.90"]


def test_a_source_that_sent_nothing_has_no_lines():
    assert list(lines_of(Sold(Sent("rows")), {}, {}, 0)) == []


def test_all_has_arrived_when_silver_and_quarantine_have_it():
    sent = sold().sent
    assert arrived(sent, silver(), 2)
    assert arrived(sent, silver(rows=11), 2), "more than all is no reason to wait"
    assert not arrived(sent, silver(amount="99.89"), 2)
    assert not arrived(sent, silver(), 1)


def test_order_numbers_become_ranges():
    assert among("n", [7, 5, 6, 9, 12, 11]) == "n BETWEEN 5 AND 7 OR n BETWEEN 9 AND 9 OR n BETWEEN 11 AND 12"
    assert among("n", []) == "FALSE"
