"""What the DAGs share: the platform's names, its assets, its alerts. No DAG is defined here."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.ssm import SsmHook
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import Asset, Variable

if TYPE_CHECKING:
    from airflow.sdk import Context

# Rendered when a task runs: asking for a variable while a file is parsed would be a request every few seconds.
PROJECT = "{{ var.value.get('retail_project', 'retail') }}"

STORE_DAILY_SALES = Asset("retail_gold.store_daily_sales")
STORE_PRODUCT_PERFORMANCE = Asset("retail_gold.store_product_performance")
CONVERSION_FUNNEL = Asset("retail_gold.conversion_funnel")
GOLD = [STORE_DAILY_SALES, STORE_PRODUCT_PERFORMANCE, CONVERSION_FUNNEL]
WAREHOUSE = Asset("retail_warehouse")


def fact(name: str) -> str:
    """What Terraform wrote to SSM under /<project>/, as a macro: `{{ fact('alerts/topic_arn') }}`."""
    project = Variable.get("retail_project", default="retail")
    return str(SsmHook().get_parameter_value(f"/{project}/{name}"))


def alert() -> SnsNotifier:
    """Tells the subscribers of retail-alerts which task failed for good, for which run, and why."""
    return SnsNotifier(
        target_arn="{{ fact('alerts/topic_arn') }}",
        subject="{{ dag.dag_id }}: {{ ti.task_id }} failed",
        message=(
            "{{ ti.task_id }} of {{ dag.dag_id }} failed after {{ ti.try_number }} attempts in {{ run_id }}.\n"
            "{{ exception }}\n"
            "When the cause is gone, clear the task in Airflow: the run goes on from there and repeats nothing."
        ),
    )


class InvokeUntilDone(LambdaInvokeFunctionOperator):
    """Invokes a function that works in bounded pieces until its answer says that there is no more to do."""

    def execute(self, context: Context) -> Any:
        """Returns the last answer. A function that fails ends the task, whose retry goes on where the function was."""
        while True:
            answer = json.loads(super().execute(context))
            if not answer["more"]:
                return answer
            time.sleep(answer.get("retry_after", 0))
