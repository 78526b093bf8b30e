"""The key of a location: a hash over all four of its columns."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

LOCATION = ("postalCode", "city", "state", "country")
_UNIT_SEPARATOR = "\u001f"


def location_key() -> Column:
    """A stable BIGINT over postalCode, city, state and country, trimmed and null-safe.

    A postal code is neither unique (94217 covers four cities in classicmodels) nor always there. The separator keeps
    ("ab", "c") from ("a", "bc"); the prefix keeps an empty text from a missing one. 64 bits make a collision unlikely,
    not impossible: `quality.audit` refuses a run in which two locations share a key.
    """
    parts = [F.coalesce(F.concat(F.lit("="), F.trim(column)), F.lit("")) for column in LOCATION]
    return F.xxhash64(F.concat_ws(_UNIT_SEPARATOR, *parts))
