"""What is left in the account: every resource that the AWS APIs still list. After `destroy` it must be nothing.

KMS keys pending deletion stay, as on AWS; the bucket of Terraform's state is not Terraform's. Defaults that AWS itself
keeps in every account (the default VPC with its parts, AWS-managed policies, the primary workgroup, …) do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.lifecycle import STATE_BUCKET
from local_aws.settings import ACCOUNT

Clients = Callable[[str], Any]
Resource = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """One kind of resource: the call that lists it, where its names stand, and which of them are AWS's own."""

    kind: str
    service: str
    operation: str
    items: str  # the key of the list in the answer; dotted for a list in each element of a list
    name: str = ""  # the key of the name in an item; none when the items are names
    ours: Callable[[Resource], bool] = lambda item: True
    arguments: tuple[tuple[str, Any], ...] = ()


def _is_not(key: str, *values: object) -> Callable[[Resource], bool]:
    return lambda item: item.get(key) not in values


def _starts_not(key: str, prefix: str) -> Callable[[Resource], bool]:
    return lambda item: not str(item.get(key, "")).startswith(prefix)


LISTINGS = (
    Listing("S3 bucket", "s3", "list_buckets", "Buckets", "Name", _is_not("Name", STATE_BUCKET)),
    Listing("Glue database", "glue", "get_databases", "DatabaseList", "Name", _is_not("Name", "default")),
    Listing("Glue job", "glue", "get_jobs", "Jobs", "Name"),
    Listing("Glue crawler", "glue", "get_crawlers", "Crawlers", "Name"),
    Listing("Glue trigger", "glue", "get_triggers", "Triggers", "Name"),
    Listing("Glue workflow", "glue", "list_workflows", "Workflows"),
    Listing("Glue connection", "glue", "get_connections", "ConnectionList", "Name"),
    Listing("Glue security configuration", "glue", "get_security_configurations", "SecurityConfigurations", "Name"),
    Listing("Athena workgroup", "athena", "list_work_groups", "WorkGroups", "Name", _is_not("Name", "primary")),
    Listing("Athena named query", "athena", "list_named_queries", "NamedQueryIds"),
    Listing("RDS instance", "rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    Listing("RDS parameter group", "rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName",
            _starts_not("DBParameterGroupName", "default.")),
    Listing("RDS subnet group", "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName",
            _is_not("DBSubnetGroupName", "default")),
    Listing("RDS snapshot", "rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    Listing("Lambda function", "lambda", "list_functions", "Functions", "FunctionName"),
    Listing("Lambda layer", "lambda", "list_layers", "Layers", "LayerName"),
    Listing("Lambda event source mapping", "lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    Listing("Step Functions machine", "stepfunctions", "list_state_machines", "stateMachines", "name"),
    Listing("EventBridge rule", "events", "list_rules", "Rules", "Name"),
    Listing("Scheduler schedule", "scheduler", "list_schedules", "Schedules", "Name"),
    Listing("Scheduler group", "scheduler", "list_schedule_groups", "ScheduleGroups", "Name",
            _is_not("Name", "default")),
    Listing("SNS topic", "sns", "list_topics", "Topics", "TopicArn"),
    Listing("SQS queue", "sqs", "list_queues", "QueueUrls"),
    Listing("DynamoDB table", "dynamodb", "list_tables", "TableNames"),
    Listing("Kinesis stream", "kinesis", "list_streams", "StreamNames"),
    Listing("Firehose stream", "firehose", "list_delivery_streams", "DeliveryStreamNames"),
    Listing("secret", "secretsmanager", "list_secrets", "SecretList", "Name"),
    Listing("SSM parameter", "ssm", "describe_parameters", "Parameters", "Name", _starts_not("Name", "/aws/")),
    # All crawlers of an account share one group, which Glue makes with the first crawl and nobody's destroy takes away.
    Listing("log group", "logs", "describe_log_groups", "logGroups", "logGroupName",
            _is_not("logGroupName", "/aws-glue/crawlers")),
    Listing("CloudWatch alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    Listing("CloudWatch composite alarm", "cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName",
            arguments=(("AlarmTypes", ["CompositeAlarm"]),)),
    Listing("CloudWatch dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    Listing("KMS key", "kms", "list_keys", "Keys", "KeyId"),
    Listing("KMS alias", "kms", "list_aliases", "Aliases", "AliasName", _starts_not("AliasName", "alias/aws/")),
    Listing("IAM role", "iam", "list_roles", "Roles", "RoleName", _starts_not("Path", "/aws-service-role/")),
    Listing("IAM policy", "iam", "list_policies", "Policies", "PolicyName", arguments=(("Scope", "Local"),)),
    Listing("IAM user", "iam", "list_users", "Users", "UserName"),
    Listing("IAM instance profile", "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    Listing("VPC", "ec2", "describe_vpcs", "Vpcs", "VpcId", _is_not("IsDefault", True)),
    Listing("subnet", "ec2", "describe_subnets", "Subnets", "SubnetId", _is_not("DefaultForAz", True)),
    Listing("NAT gateway", "ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId",
            _is_not("State", "deleted", "deleting")),
    Listing("Elastic IP", "ec2", "describe_addresses", "Addresses", "AllocationId"),
    Listing("VPC endpoint", "ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    Listing("security group", "ec2", "describe_security_groups", "SecurityGroups", "GroupId",
            _is_not("GroupName", "default")),
    Listing("flow log", "ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    Listing("EC2 instance", "ec2", "describe_instances", "Reservations.Instances", "InstanceId",
            lambda item: item.get("State", {}).get("Name") != "terminated"),
    Listing("launch template", "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    Listing("Auto Scaling group", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups",
            "AutoScalingGroupName"),
    Listing("load balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    Listing("target group", "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
    Listing("web ACL", "wafv2", "list_web_acls", "WebACLs", "Name", arguments=(("Scope", "REGIONAL"),)),
    Listing("budget", "budgets", "describe_budgets", "Budgets", "BudgetName", arguments=(("AccountId", ACCOUNT),)),
    Listing("CloudFormation stack", "cloudformation", "list_stacks", "StackSummaries", "StackName",
            _is_not("StackStatus", "DELETE_COMPLETE")),
)  # fmt: skip


@dataclass
class Inventory:
    """`left`: (kind, name) of every resource; `unknown`: kinds that could not be listed, which prove nothing."""

    left: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.left and not self.unknown

    @property
    def summary(self) -> str:
        unknown = f"; {len(self.unknown)} kinds could not be listed" if self.unknown else ""
        return "the account is empty" if self.is_empty else f"{len(self.left)} resources are left{unknown}"


def take_inventory(client: Clients) -> Inventory:
    """Ask every service of LISTINGS."""
    inventory = Inventory()
    for listing in LISTINGS:
        try:
            found = list(names(client, listing))
        except (BotoCoreError, ClientError) as error:
            inventory.unknown.append(f"{listing.kind} could not be listed: {error}")
            continue
        remaining = [name for name in found if listing.kind != "KMS key" or _key_remains(client, name)]
        inventory.left += [(listing.kind, name) for name in remaining]
    return inventory


def names(client: Clients, listing: Listing) -> Iterator[str]:
    """Every page of one listing."""
    api = client(listing.service)
    arguments = dict(listing.arguments)
    if api.can_paginate(listing.operation):
        pages = api.get_paginator(listing.operation).paginate(**arguments)
    else:
        pages = [getattr(api, listing.operation)(**arguments)]
    for page in pages:
        for item in _items(page, listing.items):
            if listing.name == "":
                yield str(item)
            elif listing.ours(item):
                yield str(item[listing.name])


def _items(page: Resource, path: str) -> list[Any]:
    first, _, rest = path.partition(".")
    found: list[Any] = page.get(first) or []
    return [inner for outer in found for inner in outer.get(rest, [])] if rest else found


def _key_remains(client: Clients, key: str) -> bool:
    """Keys pending deletion and AWS's own keys do not count."""
    about: Resource = client("kms").describe_key(KeyId=key)["KeyMetadata"]
    return bool(about["KeyManager"] == "CUSTOMER" and about["KeyState"] != "PendingDeletion")
