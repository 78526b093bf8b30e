"""Questions to the lake, by Athena."""

from __future__ import annotations

from typing import Any

from streaming_recs.errors import RecommendationError


class LakeQuestionError(RecommendationError):
    """Athena did not answer; its reason is in the message."""


def ask(sql: str, project: str) -> Any:
    """The answer as a pandas frame, its columns' names in lower case. Raises LakeQuestionError."""
    import awswrangler as wr  # noqa: PLC0415 - `retail --help` stays quick

    try:
        rows = wr.athena.read_sql_query(
            sql, database=f"{project}_gold", workgroup=f"{project}-analytics", ctas_approach=False
        )
    except wr.exceptions.QueryFailed as error:
        raise LakeQuestionError(
            f"Athena: {error}", "Apply the three Terraform roots and run the job retail-etl-job first."
        ) from None
    # Names are written in the table's case by one version of the engine, in lower case by another.
    rows.columns = rows.columns.str.lower()
    return rows
