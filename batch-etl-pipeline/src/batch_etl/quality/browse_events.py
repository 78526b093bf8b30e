"""Which browse events are good, which belong in quarantine, and which came twice."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.quality.quarantine import FINDING, Rule, sort_out
from batch_etl.quality.transactions import Judged, Told

_SEND = "Send events as the contract of retail-events has them."


def judge_events(events: DataFrame) -> Judged:
    """A redelivered event is a duplicate of this run; one of an earlier run counts as good, and changes nothing."""
    sorted_out = sort_out(events.withColumn("field", F.lit("file")), _rules())
    copies = Window.partitionBy("event_id").orderBy("event_time", "file", "position")
    accepted = (
        sorted_out.clean.withColumn("copy", F.row_number().over(copies))
        .withColumn("outcome", F.when(F.col("copy") > 1, "duplicate").otherwise("good"))
        .drop("copy", "field")
    )
    return Judged(accepted, sorted_out.rejected.select("file", "position", "event_id", FINDING))


def _rules() -> tuple[Rule, ...]:
    nameless = F.coalesce(
        F.exists("browse_history", lambda item: F.coalesce(item.product_code, F.lit("")) == ""), F.lit(False)
    )
    return (
        Told(
            "file",
            "",
            "Find out who wrote the file; the events are in the stream for a day.",
            F.col("problem").isNotNull(),
        ),
        *(
            Rule(field, f"{field} is missing", _SEND, F.col(field).isNull())
            for field in ("event_id", "session_id", "event_time")
        ),
        Rule("browse_history", "a product of the history has no product_code", _SEND, nameless),
    )
