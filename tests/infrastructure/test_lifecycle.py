"""Everything that an apply makes, a destroy takes away; an apply again changes nothing. On a local AWS of its own."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.local_aws]


def test_deploy_twice_then_destroy_leaves_an_empty_account(fresh_local_aws):
    fresh_local_aws.run("retail", "package", "--target", "local")
    fresh_local_aws.run("retail", "deploy", timeout=1500)
    again = fresh_local_aws.run("retail", "deploy", timeout=1500).stderr
    assert again.count("0 added, 0 changed, 0 destroyed") == 3, again

    fresh_local_aws.client("glue").create_table(DatabaseName="retail_bronze", TableInput={"Name": "made_by_a_job"})
    fresh_local_aws.client("s3").put_object(
        Bucket="retail-lake-000000000000-us-east-1", Key="bronze/file.parquet", Body=b"x"
    )
    fresh_local_aws.client("logs").create_log_group(logGroupName="/aws-glue/retail-etl-job/made-by-a-run")
    assert fresh_local_aws.run("local-aws", "inventory", check=False).returncode != 0, "an account in use is not empty"

    fresh_local_aws.run("retail", "destroy", timeout=1500)
    left = fresh_local_aws.run("local-aws", "inventory", check=False)
    assert left.returncode == 0, left.stdout + left.stderr


def test_destroy_refuses_what_is_protected_and_says_how(fresh_local_aws):
    fresh_local_aws.run("retail", "package", "--target", "local")
    protected = "TF_VAR_deletion_protection=true retail deploy && TF_VAR_deletion_protection=true retail destroy"
    refused = fresh_local_aws.run("sh", "-c", protected, timeout=1500, check=False)
    assert refused.returncode != 0
    assert "TF_VAR_deletion_protection=false retail deploy" in refused.stderr
    assert fresh_local_aws.client("rds").describe_db_instances()["DBInstances"], "nothing may be gone"
