"""What may be replaced without asking: nothing, what this tool made and nobody touched, or what one said to replace."""

from __future__ import annotations

import pytest
from source_database.errors import LoadRefusedError
from source_database.staging import Provenance, Standing, refuse_to_lose

OURS = Provenance({"orders": 10, "seed": 42}, {"orders": 2, "orderdetails": 10}, "2025-12-31 10:00:00")


def test_provenance_survives_the_comment_of_a_table():
    assert Provenance.from_comment(OURS.comment()) == OURS
    assert len(OURS.comment()) < 2048


def test_another_comment_is_no_provenance():
    assert Provenance.from_comment("Orders of our shop") is None


@pytest.mark.parametrize(
    "standing",
    [
        Standing({}, None, changed=False),
        Standing({"orders": 0, "customers": 0}, None, changed=False),
        Standing({"orders": 2, "orderdetails": 10}, OURS, changed=False),
    ],
)
def test_nothing_is_lost(standing):
    refuse_to_lose(standing, "shop")


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (Standing({"orders": 3}, None, changed=False), "not put there by `retail load-source`"),
        (Standing({"orders": 3}, OURS, changed=True), "written since"),
    ],
)
def test_rows_of_others_are_kept(standing, told):
    with pytest.raises(LoadRefusedError, match=f"{told}.*--replace"):
        refuse_to_lose(standing, "shop")
