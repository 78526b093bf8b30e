"""Rows that come in against those that are there: which are new, and which have been counted already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

NEW, AGAIN, DUPLICATE, CONFLICT = "new", "again", "duplicate", "conflict"
VERDICT = "verdict"
_FIRST, _KNOWN = "first", "known"


def concerned(present: DataFrame, incoming: DataFrame, key: Sequence[str]) -> DataFrame:
    """The rows of `present` that have a key of `incoming`, of which there must be few enough for every worker."""
    return present.join(F.broadcast(incoming.select(*key).distinct()), [*key], "left_semi")


def judged(
    incoming: DataFrame, present: DataFrame, key: Sequence[str], content: Sequence[str], provenance: Sequence[str]
) -> DataFrame:
    """`incoming` with a `verdict` a row:

    - new: the first, by `ordinal`, of its key, which the table does not have;
    - again: the table has this very row of this very file: a run before this one died after it had loaded it;
    - duplicate: a row of the same key says the same;
    - conflict: a row of the same key says something else, and which is right nobody can tell: the earlier one stays.

    Columns of both frames: `key` names the row, `content` is all that a file says of it, `provenance` where it came
    from. `present` has a key once.
    """
    compared = [*content, *provenance]
    first = Window.partitionBy(*key).orderBy("ordinal")
    ranked = incoming.withColumns(
        {"place": F.row_number().over(first), _FIRST: F.first(F.struct(*compared)).over(first)}
    )
    known = present.select(*key, F.struct(*compared).alias(_KNOWN))
    matched = ranked.join(known, [*key], "left")
    reference = F.coalesce(F.col(_KNOWN), F.col(_FIRST))
    verdict = (
        F.when(F.col(_KNOWN).isNull() & (F.col("place") == 1), NEW)
        .when(F.col(_KNOWN).isNotNull() & _same(provenance, F.col(_KNOWN)), AGAIN)
        .when(_same(content, reference), DUPLICATE)
        .otherwise(CONFLICT)
    )
    return matched.select(*incoming.columns, verdict.alias(VERDICT))


def _same(columns: Sequence[str], other: Column) -> Column:
    """Whether all columns are equal, a null to a null too."""
    equal = (F.col(name).eqNullSafe(other.getField(name)) for name in columns)
    return reduce(lambda all_equal, one: all_equal & one, equal)


def counted(rows: DataFrame) -> DataFrame:
    """source_file, source_version, verdict → rows, for a frame that `judged` made."""
    return rows.groupBy("source_file", "source_version", VERDICT).agg(F.count(F.lit(1)).alias("rows"))
