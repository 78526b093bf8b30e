"""Text as the source compares it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark reader knows
from pyspark.sql import types as t


def trim_text(table: DataFrame) -> DataFrame:
    """All text without blanks at its ends.

    MySQL's PAD SPACE collations hold "Norway  " and "Norway" to be equal, in keys and in GROUP BY; Spark does not.
    The bronze mirror keeps the text as it came.
    """
    return table.select(
        [
            F.trim(field.name).alias(field.name) if isinstance(field.dataType, t.StringType) else F.col(field.name)
            for field in table.schema
        ]
    )
