"""The retail API's new transactions to silver, gold and the warehouse, every hour.

Only starts what the platform has, one function and three Glue jobs, each of them repeatable. What fails for good is
told once, on the platform's alerts topic. Nothing is asked of AWS while this file is parsed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.common.sql.operators.sql import SQLCheckOperator
from airflow.sdk import CronDataIntervalTimetable, dag
from retail_platform import GOLD, PROJECT, WAREHOUSE, InvokeUntilDone, alert, fact

# A function may work for as long as Lambda allows; a client that gave up before would call it a second time.
PATIENT = {"read_timeout": 900, "tcp_keepalive": True, "retries": {"total_max_attempts": 1}}


def glue_job(name: str, doc_md: str, **settings: Any) -> GlueJobOperator:
    """One of Terraform's jobs, under one run id for each data interval: repeated, an hour replaces its own records.

    The triggerer waits for it, so Spark's minutes hold no worker's slot, and a run that was stopped counts as failed:
    waiting in the worker, the provider takes it for a success.
    """
    return GlueJobOperator(
        task_id=name.replace("-", "_"),
        doc_md=doc_md,
        job_name=f"{PROJECT}-{name}",
        script_args={"--run_id": "hourly-{{ data_interval_start | ts_nodash }}-" + name},
        deferrable=True,
        waiter_delay=5,
        waiter_max_attempts=900,
        resume_glue_job_on_retry=True,
        **settings,
    )


@dag(
    dag_id="retail_hourly",
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # the cursor brings what a pause has missed in one run; `airflow backfill create` repeats hours
    max_active_runs=1,
    tags=["retail", "batch"],
    doc_md=__doc__,
    user_defined_macros={"fact": fact},
    default_args={
        "retries": 2,
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(minutes=90),
        "on_failure_callback": alert(),
    },
)
def retail_hourly() -> None:
    fetch = InvokeUntilDone(
        task_id="api_fetch",
        doc_md="Pages through the retail API into the landing bucket, from where its cursor stands.",
        function_name=f"{PROJECT}-api-fetch",
        payload="{}",
        botocore_config=PATIENT,
    )
    silver = glue_job("bronze-to-silver", "Explodes, cleanses and deduplicates what came, into silver.")
    gold = glue_job("silver-to-gold", "Rebuilds, audits and publishes the marts of stores and clicks.", outlets=GOLD)
    warehouse = glue_job("warehouse-load", "Takes what is published to PostgreSQL.", outlets=[WAREHOUSE])
    checks = SQLCheckOperator(
        task_id="checks",
        doc_md="Fails, without a second try, unless gold was checked in this hour and every check held.",
        conn_id="athena_default",
        sql="checks/gold_holds.sql",
        retry_on_failure=False,
    )
    fetch >> silver >> gold >> warehouse >> checks


retail_hourly()
