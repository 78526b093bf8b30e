"""The gateway dies while Redshift works: nothing is said to have run that did not, and the schemas are still there."""

from __future__ import annotations

import time

import pytest
from batch_etl.analytics.redshift import Warehouse
from support import LocalAws

pytestmark = pytest.mark.local_aws

SLOW = (
    "SELECT COUNT(*) FROM retail_gold.fact_orders a, retail_gold.fact_orders b, retail_gold.fact_orders c "
    "WHERE a.quantityOrdered * b.quantityOrdered % 7 = c.quantityOrdered"
)


def test_a_statement_that_ran_when_the_gateway_died_failed(applied: LocalAws) -> None:
    redshift = applied.client("redshift-data")
    statement = redshift.execute_statement(Sql=SLOW, WorkgroupName="retail-analytics", Database="retail")["Id"]
    while redshift.describe_statement(Id=statement)["Status"] != "STARTED":
        time.sleep(0.1)
    applied.kill_gateway()
    described = redshift.describe_statement(Id=statement)
    assert described["Status"] == "FAILED"
    assert "interrupted by a restart" in described["Error"]
    asked = Warehouse(redshift, "retail-analytics", "retail").ask("SELECT schemaname FROM svv_external_schemas")
    assert set(asked.rows) == {("retail_gold",), ("retail_silver",)}
