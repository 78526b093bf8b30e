"""After gold and the warehouse have both changed: what analysts read holds together.

Scheduled by data, not by the clock: it runs when the assets that it names have all been updated.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.sql.operators.sql import SQLCheckOperator
from airflow.sdk import dag
from retail_platform import GOLD, WAREHOUSE, alert, fact


@dag(
    dag_id="retail_agreement",
    schedule=[*GOLD, WAREHOUSE],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["retail", "batch"],
    doc_md=__doc__,
    user_defined_macros={"fact": fact},
    default_args={"retries": 2, "execution_timeout": timedelta(minutes=30), "on_failure_callback": alert()},
)
def retail_agreement() -> None:
    SQLCheckOperator(
        task_id="marts_agree",
        doc_md="Fails, without a second try, unless the marts by day and by product hold the same sales, to the cent.",
        conn_id="athena_default",
        sql="checks/marts_agree.sql",
        retry_on_failure=False,
    )


retail_agreement()
