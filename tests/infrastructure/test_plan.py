"""What really stands after an apply, read from the plan that follows it: policies, encryption, exposure, names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from terraform_parts import ROOTS

if TYPE_CHECKING:
    from conftest import Plan


pytestmark = pytest.mark.local_aws

ACCOUNT, REGION = "000000000000", "us-east-1"

# Actions that IAM's service authorization reference gives no resource type: "*" is the only way to allow them.
RESOURCELESS = {
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# These services send no aws:SourceAccount when they take a role; iam:PassRole is what keeps others out.
WITHOUT_SOURCE_ACCOUNT = {"ec2.amazonaws.com", "glue.amazonaws.com", "lambda.amazonaws.com"}
# Firehose names the account that it acts for as the role's external id ("Allow Firehose to assume an IAM role").
BY_EXTERNAL_ID = {"firehose.amazonaws.com"}
# Redshift names the database user as the external id ("Restricting an IAM role to specific database users").
REDSHIFT = {"redshift.amazonaws.com", "redshift-serverless.amazonaws.com"}

# Load balancers deliver to a bucket under S3's own key alone, and who visited is kept for a time only.
ACCESS_LOGS = f"retail-access-logs-{ACCOUNT}-{REGION}"

FACTS = {
    "app-infrastructure/terraform": {
        "/retail/network/vpc_id": "String",
        "/retail/network/private_subnet_ids": "StringList",
        "/retail/network/public_subnet_ids": "StringList",
        "/retail/source/endpoint": "String",
        "/retail/source/port": "String",
        "/retail/source/database": "String",
        "/retail/source/security_group_id": "String",
        "/retail/source/admin_secret_arn": "String",
        "/retail/source/reader_secret_arn": "String",
        "/retail/source/writer_secret_arn": "String",
        "/retail/lake/artifacts_bucket": "String",
        "/retail/alerts/topic_arn": "String",
        "/retail/storefront/url": "String",
        "/retail/storefront/security_group_id": "String",
        "/retail/storefront/session_secret_arn": "String",
    },
    "batch-etl-pipeline/terraform": {
        "/retail/lake/landing_bucket": "String",
        "/retail/lake/lake_bucket": "String",
        "/retail/lake/athena_results_bucket": "String",
        "/retail/store-files/ledger_table": "String",
        "/retail/store-files/queue_url": "String",
        "/retail/store-files/state_machine_arn": "String",
        "/retail/warehouse/endpoint": "String",
        "/retail/warehouse/port": "String",
        "/retail/warehouse/database": "String",
        "/retail/warehouse/security_group_id": "String",
        "/retail/warehouse/loader_secret_arn": "String",
        "/retail/warehouse/reader_secret_arn": "String",
    },
    "streaming-recommendation-pipeline/terraform": {
        "/retail/vector-db/endpoint": "String",
        "/retail/vector-db/port": "String",
        "/retail/vector-db/database": "String",
        "/retail/vector-db/security_group_id": "String",
        "/retail/vector-db/admin_secret_arn": "String",
        "/retail/vector-db/inference_secret_arn": "String",
        "/retail/vector-db/loader_secret_arn": "String",
        "/retail/events/stream_name": "String",
        "/retail/inference/function_name": "String",
        "/retail/inference/url": "String",
    },
}


@pytest.fixture(params=ROOTS)
def plan(request: pytest.FixtureRequest, plans: dict[str, Plan]) -> Plan:
    return plans[request.param]


def every(plans: dict[str, Plan], kind: str) -> list[dict[str, Any]]:
    found = [values for plan in plans.values() for values in plan.values(kind)]
    assert found, f"no {kind} in any root: the test would prove nothing"
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(policy: str) -> Iterator[dict[str, Any]]:
    yield from as_list(json.loads(policy)["Statement"])


def test_a_plan_after_apply_changes_nothing(plan):
    assert plan.exit_code == 0, plan.text


@pytest.mark.parametrize("root", ROOTS)
def test_facts_have_their_contracted_names_and_types(plans, root):
    found = {values["name"]: values["type"] for values in plans[root].values("aws_ssm_parameter")}
    assert found == FACTS[root]


def test_roles_name_their_actions_and_resources(plans):
    for role_policy in every(plans, "aws_iam_role_policy"):
        for statement in statements(role_policy["policy"]):
            actions = as_list(statement["Action"])
            assert not [action for action in actions if action == "*" or action.endswith(":*")], role_policy["role"]
            if "*" in as_list(statement["Resource"]):
                assert set(actions) <= RESOURCELESS, f"{role_policy['role']}: {set(actions) - RESOURCELESS}"


def test_no_role_may_pass_roles_or_change_rights(plans):
    for role_policy in every(plans, "aws_iam_role_policy"):
        for statement in statements(role_policy["policy"]):
            assert not [action for action in as_list(statement["Action"]) if action.startswith(("iam:", "sts:"))]


def test_roles_carry_no_policy_of_somebody_elses(plans):
    for role in every(plans, "aws_iam_role"):
        assert not role.get("managed_policy_arns")
    assert not [1 for plan in plans.values() for _ in plan.resources("aws_iam_role_policy_attachment")]


def test_services_take_roles_for_this_account_only(plans):
    for role in every(plans, "aws_iam_role"):
        for statement in statements(role["assume_role_policy"]):
            services = set(as_list(statement["Principal"]["Service"]))
            if services & REDSHIFT:
                (user,) = as_list(statement["Condition"]["StringLike"]["sts:ExternalId"])
                assert user == f"arn:aws:redshift:{REGION}:{ACCOUNT}:dbuser:*", role["name"]
            elif not services <= WITHOUT_SOURCE_ACCOUNT:
                key = "sts:ExternalId" if services <= BY_EXTERNAL_ID else "aws:SourceAccount"
                assert statement["Condition"]["StringEquals"] == {key: ACCOUNT}, role["name"]


def test_the_key_serves_services_of_this_account_only(plans):
    (key,) = every(plans, "aws_kms_key")
    assert key["enable_key_rotation"] is True
    for statement in statements(key["policy"]):
        assert "Service" not in statement["Principal"] or statement["Condition"], statement["Sid"]
        assert statement["Principal"] != "*"


def test_buckets_are_private_versioned_encrypted_and_tls_only(plans):
    buckets = {values["bucket"] for values in every(plans, "aws_s3_bucket")}
    roles = ("access-logs", "artifacts", "landing", "lake", "athena-results")
    assert buckets == {f"retail-{role}-{ACCOUNT}-{REGION}" for role in roles}

    blocks = {values["bucket"]: values for values in every(plans, "aws_s3_bucket_public_access_block")}
    versioning = {values["bucket"]: values for values in every(plans, "aws_s3_bucket_versioning")}
    encryption = {
        values["bucket"]: values for values in every(plans, "aws_s3_bucket_server_side_encryption_configuration")
    }
    policies = {values["bucket"]: values for values in every(plans, "aws_s3_bucket_policy")}
    for bucket in buckets:
        names = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        assert all(blocks[bucket][name] for name in names)
        assert versioning[bucket]["versioning_configuration"][0]["status"] == "Enabled"
        (default,) = encryption[bucket]["rule"][0]["apply_server_side_encryption_by_default"]
        under_a_key = str(default["kms_master_key_id"]).startswith("arn:aws:kms:")
        assert (default["sse_algorithm"], under_a_key) == (
            ("AES256", False) if bucket == ACCESS_LOGS else ("aws:kms", True)
        )
        found = list(statements(policies[bucket]["policy"]))
        (deny,) = [statement for statement in found if statement["Effect"] == "Deny"]
        assert (len(found) > 1) == (bucket == ACCESS_LOGS)
        assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", "s3:*", "*")
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert set(deny["Resource"]) == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}


def test_load_balancers_of_this_account_alone_deliver_access_logs(plans):
    (policy,) = [found for found in every(plans, "aws_s3_bucket_policy") if found["bucket"] == ACCESS_LOGS]
    (delivery,) = [statement for statement in statements(policy["policy"]) if statement["Effect"] == "Allow"]
    assert delivery["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert (delivery["Action"], delivery["Resource"]) == (
        "s3:PutObject", f"arn:aws:s3:::{ACCESS_LOGS}/AWSLogs/{ACCOUNT}/*"
    )  # fmt: skip


def test_lifecycles_touch_only_what_is_not_current_but_for_access_logs(plans):
    for lifecycle in every(plans, "aws_s3_bucket_lifecycle_configuration"):
        for rule in lifecycle["rule"]:
            assert bool(rule["expiration"]) == (lifecycle["bucket"] == ACCESS_LOGS), lifecycle["bucket"]
            assert not rule["transition"], lifecycle["bucket"]


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("aws_cloudwatch_log_group", "kms_key_id"),
        ("aws_db_instance", "kms_key_id"),
        ("aws_lambda_function", "kms_key_arn"),
        ("aws_secretsmanager_secret", "kms_key_id"),
        ("aws_sns_topic", "kms_master_key_id"),
    ],
)
def test_data_at_rest_is_under_the_platforms_key(plans, kind, attribute):
    for values in every(plans, kind):
        assert str(values[attribute]).startswith("arn:aws:kms:"), values


def test_lock_results_and_spill_are_encrypted_too(plans):
    for table in every(plans, "aws_dynamodb_table"):
        assert table["server_side_encryption"][0]["kms_key_arn"].startswith("arn:aws:kms:")
    for queue in every(plans, "aws_sqs_queue"):
        under_the_key = str(queue["kms_master_key_id"]).startswith("arn:aws:kms:")
        assert under_the_key or queue["sqs_managed_sse_enabled"], queue["name"]
    for namespace in every(plans, "aws_redshiftserverless_namespace"):
        assert namespace["kms_key_id"].startswith("arn:aws:kms:")
    (workgroup,) = every(plans, "aws_athena_workgroup")
    (results,) = workgroup["configuration"][0]["result_configuration"]
    assert results["encryption_configuration"][0]["encryption_option"] == "SSE_KMS"
    for security in every(plans, "aws_glue_security_configuration"):
        (modes,) = security["encryption_configuration"]
        assert modes["cloudwatch_encryption"][0]["cloudwatch_encryption_mode"] == "SSE-KMS"
        assert modes["job_bookmarks_encryption"][0]["job_bookmarks_encryption_mode"] == "CSE-KMS"
        assert modes["s3_encryption"][0]["s3_encryption_mode"] == "SSE-KMS"
    (stream,) = every(plans, "aws_kinesis_stream")
    assert (stream["encryption_type"], stream["kms_key_id"].startswith("arn:aws:kms:")) == ("KMS", True)
    for delivery in every(plans, "aws_kinesis_firehose_delivery_stream"):
        assert delivery["extended_s3_configuration"][0]["kms_key_arn"].startswith("arn:aws:kms:")


def test_nothing_but_the_load_balancer_is_open_to_the_world(plans):
    (balancer,) = every(plans, "aws_lb")
    for rule in every(plans, "aws_vpc_security_group_ingress_rule"):
        if rule["cidr_ipv4"] is not None:
            assert (rule["cidr_ipv4"], rule["from_port"]) == ("0.0.0.0/0", 80)
            assert [rule["security_group_id"]] == balancer["security_groups"], rule["description"]
            continue
        assert rule["cidr_ipv6"] is None, rule["description"]
        assert rule["referenced_security_group_id"], rule["description"]
    for group in every(plans, "aws_default_security_group"):
        assert (group["ingress"], group["egress"]) == ([], [])
    for subnet in every(plans, "aws_subnet"):
        assert subnet["map_public_ip_on_launch"] is False
    for database in every(plans, "aws_db_instance"):
        assert database["publicly_accessible"] is False


def test_the_etl_job_has_the_arguments_that_its_script_takes(plans):
    jobs = {job["name"]: job for job in every(plans, "aws_glue_job")}
    assert set(jobs) == {
        "retail-bronze-to-silver", "retail-etl-job", "retail-file-ingest", "retail-ml-etl-job",
        "retail-silver-to-gold", "retail-train-embeddings", "retail-warehouse-load",
    }  # fmt: skip
    job = jobs["retail-etl-job"]
    arguments = job["default_arguments"]
    bucket = f"retail-lake-{ACCOUNT}-{REGION}"
    assert job["name"] == "retail-etl-job"
    assert (job["glue_version"], job["worker_type"], job["number_of_workers"]) == ("5.1", "G.1X", 2)
    assert {
        "--project": "retail",
        "--lake_bucket": bucket,
        "--source_database": "classicmodels",
        "--source_ca": f"s3://retail-artifacts-{ACCOUNT}-{REGION}/ca/source-ca.pem",
        "--publish_lock_table": "retail-publish-lock",
        "--stages": "extract,build,audit,publish",
        "--datalake-formats": "iceberg",
    }.items() <= arguments.items()
    for other in jobs.values():
        given = other["default_arguments"]
        assert not [name for name, value in given.items() if "password" in f"{name}{value}".lower()]


def written_keys(policy: str) -> set[str]:
    (rights,) = [statement for statement in statements(policy) if statement.get("Sid") == "WriteTheLake"]
    return {arn.partition(":::")[2].partition("/")[2] for arn in as_list(rights["Resource"])}


def test_a_job_that_reads_the_lake_alone_writes_only_its_own_part_of_it(plans):
    policies = {
        policy["role"]: policy["policy"] for policy in every(plans, "aws_iam_role_policy") if policy["name"] == "data"
    }
    written = {role: written_keys(policies[role]) for role in ("retail-ml-etl-job", "retail-train-embeddings")}
    assert written == {
        "retail-ml-etl-job": {"gold/ratings_ml_training/*", "runs/*", "tmp/retail-ml-etl-job/*"},
        "retail-train-embeddings": {"embeddings/*", "models/*", "runs/*", "tmp/retail-train-embeddings/*"},
    }


def test_compiled_wheels_are_installed_without_an_index(plans):
    arguments = {job["name"]: job["default_arguments"] for job in every(plans, "aws_glue_job")}
    modules = arguments["retail-train-embeddings"]["--additional-python-modules"].split(",")
    assert {module.rsplit("/", 1)[1].split("-")[0] for module in modules} == {"lightgbm", "scipy"}
    assert all(module.startswith("s3://retail-artifacts-") for module in modules)
    assert "--no-index" in arguments["retail-train-embeddings"]["--python-modules-installer-option"]
    for without in ("retail-etl-job", "retail-ml-etl-job"):
        assert "--additional-python-modules" not in arguments[without]


def test_functions_together_open_fewer_connections_than_the_database_has(plans):
    streaming = plans["streaming-recommendation-pipeline/terraform"]
    reserved = {
        function["function_name"]: function["reserved_concurrent_executions"]
        for function in streaming.values("aws_lambda_function")
    }
    serving = [reserved[f"retail-{name}"] for name in ("inference", "recommendation-transform", "profile-updater")]
    (group,) = streaming.values("aws_db_parameter_group")
    (admitted,) = [int(p["value"]) for p in group["parameter"] if p["name"] == "max_connections"]
    assert min(serving) > 0
    assert sum(serving) + 12 <= admitted


def test_the_recommendation_api_takes_signed_requests_alone(plans):
    (url,) = every(plans, "aws_lambda_function_url")
    assert (url["function_name"], url["authorization_type"]) == ("retail-inference", "AWS_IAM")


def test_no_password_stands_in_the_state(applied, plans):
    secrets = applied.client("secretsmanager")
    listed = [
        secret["ARN"] for page in secrets.get_paginator("list_secrets").paginate() for secret in page["SecretList"]
    ]
    held = [json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"]) for arn in listed]
    passwords = [value["password"] for value in held if "password" in value]
    assert len(passwords) >= 7, "two masters', two users' of the source, three of the vector database"
    (session,) = [value for value in held if "session_key" in value]
    assert {len(session["session_key"]), len(session["api_token"])} == {64}
    states = "".join(applied.run("terraform", f"-chdir={root}", "state", "pull").stdout for root in ROOTS)
    assert [secret for secret in [*passwords, *session.values()] if secret in states] == []
