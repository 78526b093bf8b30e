"""template.yaml, deployed by the command that users type: a shop of real processes, without Terraform."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from botocore.exceptions import ClientError
from local_aws.inventory import take_inventory
from support import BIN, CHECKOUT, LocalAws, free_port

# One local AWS for all of them, in one worker: its gateway is killed at the end.
pytestmark = [pytest.mark.local_aws, pytest.mark.xdist_group("cloudformation")]

TEMPLATE = CHECKOUT / "app-infrastructure" / "template.yaml"


def eventually(condition: Callable[[], Any], seconds: float = 480.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.2)
    return value


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    own = LocalAws(port=free_port(), state_home=tmp_path_factory.mktemp("cloudformation"))
    subprocess.run([BIN / "local-aws", "up"], env=own.host_env, cwd=CHECKOUT, check=True)
    yield own
    subprocess.run([BIN / "local-aws", "down"], env=own.host_env, cwd=CHECKOUT, check=True)


@dataclass(frozen=True)
class Ground:
    """What the template stands on, as its parameters: a VPC of two zones, a key, a topic, a secret, wheels."""

    aws: LocalAws
    parameters: dict[str, str]
    before: list[tuple[str, str]]

    def left(self) -> set[tuple[str, str]]:
        """What the account holds beside it."""
        return set(take_inventory(self.aws.client).left) - set(self.before)


@pytest.fixture(scope="module")
def ground(aws: LocalAws) -> Ground:
    ec2, s3 = aws.client("ec2"), aws.client("s3")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for index, zone in enumerate("abab")
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    s3.create_bucket(Bucket="artifacts")
    aws.run("retail", "package", "--target", "local")
    build = Path(aws.host_env["TF_VAR_artifacts_dir"])
    for wheel in (build / "storefront").glob("*.whl"):
        s3.upload_file(str(wheel), "artifacts", f"storefront/{wheel.name}")
    s3.upload_file(str(build / "ca" / "source-ca.pem"), "artifacts", "ca/source-ca.pem")
    writer = json.dumps({"username": "writer", "password": "unused: /healthz asks no database"})
    parameters = {
        "VpcId": vpc,
        "PublicSubnetIds": ",".join(ids[:2]),
        "PrivateSubnetIds": ",".join(ids[2:]),
        "DatabaseEndpoint": "127.0.0.1",
        "DatabaseSecurityGroupId": ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"],
        "WriterSecretArn": aws.client("secretsmanager").create_secret(Name="writer", SecretString=writer)["ARN"],
        "ArtifactsBucket": "artifacts",
        "KmsKeyArn": aws.client("kms").create_key()["KeyMetadata"]["Arn"],
        "AlertsTopicArn": aws.client("sns").create_topic(Name="alerts")["TopicArn"],
        "DeletionProtection": "false",
    }
    return Ground(aws, parameters, take_inventory(aws.client).left)


@dataclass(frozen=True)
class Stack:
    aws: LocalAws
    name: str

    @property
    def api(self) -> Any:
        return self.aws.client("cloudformation")

    def described(self) -> dict[str, Any]:
        return dict(self.api.describe_stacks(StackName=self.name)["Stacks"][0])

    def settled(self) -> str:
        """The status that it comes to."""
        return str(eventually(lambda: not (now := self.described()["StackStatus"]).endswith("_PROGRESS") and now))

    def output(self, key: str) -> str:
        outputs = {each["OutputKey"]: each["OutputValue"] for each in self.described()["Outputs"]}
        return str(outputs[key])

    def resource(self, logical_id: str) -> str:
        found = self.api.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def events(self, status: str) -> dict[str, str]:
        """Logical id → reason, of the events with that status."""
        pages = self.api.get_paginator("describe_stack_events").paginate(StackName=self.name)
        found = [event for page in pages for event in page["StackEvents"] if event["ResourceStatus"] == status]
        return {event["LogicalResourceId"]: event.get("ResourceStatusReason", "") for event in found}

    def instances(self) -> set[str]:
        """Of the group, those that the load balancer finds healthy."""
        group = self.resource("TargetGroup")
        found = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {each["Target"]["Id"] for each in found if each["TargetHealth"]["State"] == "healthy"}


def arguments(ground: Ground, **changed: str) -> dict[str, Any]:
    """Of CreateStack and UpdateStack."""
    asked = ground.parameters | changed
    return {
        "TemplateBody": TEMPLATE.read_text(),
        "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in asked.items()],
    }


def processes_of(aws: LocalAws) -> list[str]:
    """The instances that run."""
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    hosts = [command[-1] for command in commands if "local_aws.engines.instance_host" in command]
    return [host for host in hosts if host.startswith(str(aws.state_home))]


@pytest.fixture(scope="module")
def command(ground: Ground) -> Iterator[subprocess.Popen[str]]:
    """What a user types. It looks at the stack every thirty seconds, so the tests do not wait for it until the end."""
    overrides = [f"{key}={value}" for key, value in ground.parameters.items()]
    deploy = (
        "aws", "cloudformation", "deploy", "--stack-name", "shop", "--template-file", str(TEMPLATE),
        "--capabilities", "CAPABILITY_IAM", "--parameter-overrides", *overrides,
    )  # fmt: skip
    child = subprocess.Popen(
        deploy, cwd=CHECKOUT, env=ground.aws.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    yield child
    child.terminate()
    child.communicate()


@pytest.fixture(scope="module")
def shop(command: subprocess.Popen[str], ground: Ground) -> Stack:
    stack = Stack(ground.aws, "shop")
    eventually(lambda: stack.api.list_stacks(StackStatusFilter=["CREATE_IN_PROGRESS"])["StackSummaries"], 30)
    assert stack.settled() == "CREATE_COMPLETE", stack.events("CREATE_FAILED")
    return stack


def test_a_template_with_roles_needs_to_be_told_so(ground: Ground) -> None:
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_IAM\]"):
        ground.aws.client("cloudformation").create_stack(StackName="silent", **arguments(ground) | {"Capabilities": []})


def test_a_parameter_that_names_nothing_is_refused(ground: Ground) -> None:
    with pytest.raises(ClientError, match="parameter value vpc-none for parameter name VpcId does not exist"):
        ground.aws.client("cloudformation").create_stack(StackName="lost", **arguments(ground, VpcId="vpc-none"))


def test_a_resource_that_would_only_be_remembered_is_refused(ground: Ground) -> None:
    body = json.dumps({"Resources": {"Database": {"Type": "AWS::RDS::DBInstance", "Properties": {}}}})
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::RDS::DBInstance\]"):
        ground.aws.client("cloudformation").create_stack(StackName="database", TemplateBody=body)


def test_a_deployment_that_fails_is_rolled_back_and_says_why(ground: Ground) -> None:
    before = ground.left()
    failing = Stack(ground.aws, "failing")
    failing.api.create_stack(StackName="failing", **arguments(ground, MinSize="4", MaxSize="3"))
    assert failing.settled() == "ROLLBACK_COMPLETE"
    reasons = failing.events("CREATE_FAILED")
    assert reasons.keys() == {"AutoScalingGroup"}
    assert "Min bound, 4, cannot be greater than Max bound, 3" in reasons["AutoScalingGroup"]
    assert failing.events("DELETE_SKIPPED").keys() == {"AccessLogs"}
    kept = {("S3 bucket", name) for kind, name in ground.left() if name.startswith("failing-accesslogs")}
    assert ground.left() - before == kept | {("CloudFormation stack", "failing")}
    failing.api.delete_stack(StackName="failing")


def test_the_shop_answers_from_two_instances_behind_the_load_balancer(shop: Stack) -> None:
    eventually(lambda: len(shop.instances()) == 2)
    answer = httpx.get(f"{shop.output('Url')}/healthz")
    assert (answer.status_code, len(processes_of(shop.aws))) == (200, 2)


def test_the_session_secret_holds_two_values_that_need_no_escaping(shop: Stack) -> None:
    secrets = shop.aws.client("secretsmanager")
    read = [
        secrets.get_secret_value(SecretId=arn)["SecretString"]
        for arn in (shop.output("SessionSecretArn"), shop.resource("ApiToken"))
    ]
    session, token = json.loads(read[0]), read[1]
    assert session.keys() == {"session_key", "api_token"}
    assert session["api_token"] == token != session["session_key"]
    assert all(re.fullmatch(r"[A-Za-z0-9]{64}", value) for value in session.values())


def test_security_groups_let_through_what_the_template_says_and_nothing_else(shop: Stack, ground: Ground) -> None:
    balancer, storefront = shop.resource("LoadBalancerGroup"), shop.resource("StorefrontGroup")
    database = ground.parameters["DatabaseSecurityGroupId"]
    groups = shop.aws.client("ec2").describe_security_groups(GroupIds=[balancer, storefront, database])
    rules = {
        (group["GroupId"], way, each.get("FromPort"), peer.get("CidrIp") or peer["GroupId"])
        for group in groups["SecurityGroups"]
        for way, found in (("in", group["IpPermissions"]), ("out", group["IpPermissionsEgress"]))
        for each in found
        for peer in each["IpRanges"] + each["UserIdGroupPairs"]
    }
    assert rules == {
        (balancer, "in", 80, "0.0.0.0/0"),
        (balancer, "out", None, "127.0.0.1/32"),
        (balancer, "out", 8000, storefront),
        (storefront, "in", 8000, balancer),
        (storefront, "out", 443, "0.0.0.0/0"),
        (storefront, "out", 3306, database),
        (database, "in", 3306, storefront),
        (database, "out", None, "0.0.0.0/0"),
    }


def test_what_is_declared_is_what_the_services_have(shop: Stack) -> None:
    bucket = {"Bucket": shop.resource("AccessLogs")}
    s3, waf = shop.aws.client("s3"), shop.aws.client("wafv2")
    expiry = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"][0]["Expiration"]
    assert (expiry, s3.get_bucket_versioning(**bucket)["Status"]) == ({"Days": 90}, "Enabled")
    assert all(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values())
    firewall = waf.get_web_acl_for_resource(ResourceArn=shop.resource("LoadBalancer"))["WebACL"]
    assert f"{firewall['Name']}|{firewall['Id']}|REGIONAL" == shop.resource("Firewall")
    policies = shop.aws.client("autoscaling").describe_policies(
        AutoScalingGroupName=shop.output("AutoScalingGroupName")
    )["ScalingPolicies"]
    targets = {policy["TargetTrackingConfiguration"]["TargetValue"] for policy in policies}
    alarms = shop.aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="shop-")["MetricAlarms"]
    assert (targets, len(alarms)) == ({3000.0, 60.0}, 7)


def test_a_new_release_replaces_the_instances_while_the_shop_answers(shop: Stack, ground: Ground) -> None:
    before, answers = shop.instances(), set()
    secret = shop.output("SessionSecretArn")
    shop.api.update_stack(StackName="shop", **arguments(ground, Release="second"))

    def updated() -> bool:
        answer = httpx.get(f"{shop.output('Url')}/healthz")
        answers.add((answer.status_code, answer.text))
        return not str(shop.described()["StackStatus"]).endswith("IN_PROGRESS")

    eventually(updated)
    assert shop.described()["StackStatus"] == "UPDATE_COMPLETE", shop.events("UPDATE_FAILED")
    assert {code for code, _ in answers} == {200}, answers
    assert not before & shop.instances()
    assert shop.output("SessionSecretArn") == secret


def test_the_deploy_command_says_that_it_is_done(shop: Stack, command: subprocess.Popen[str]) -> None:
    output, _ = command.communicate(timeout=180)
    assert (command.returncode, output.strip().splitlines()[-1]) == (0, "Successfully created/updated stack - shop")


def test_a_deleted_stack_leaves_its_access_logs_and_no_process(shop: Stack, ground: Ground) -> None:
    logs, gone = shop.resource("AccessLogs"), Stack(shop.aws, shop.described()["StackId"])
    shop.api.delete_stack(StackName="shop")
    assert gone.settled() == "DELETE_COMPLETE"
    assert {name for _, name in ground.left() if name.startswith("shop-")} == {logs}
    assert processes_of(shop.aws) == []


SLOW = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": {"UserData": {"Fn::Base64": "#!/bin/sh\nsleep 120\n"}}},
        },
        "Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "DependsOn": "Queue",
            "Properties": {
                "MinSize": "1",
                "MaxSize": "1",
                "AvailabilityZones": {"Fn::GetAZs": ""},
                "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": "1"},
            },
        },
    }
}


def test_what_a_killed_deployment_made_can_be_deleted(ground: Ground) -> None:
    stack = Stack(ground.aws, "slow")
    before = ground.left()
    stack.api.create_stack(StackName="slow", TemplateBody=json.dumps(SLOW))
    eventually(lambda: processes_of(ground.aws))
    ground.aws.kill_gateway()
    assert stack.described()["StackStatus"] == "CREATE_FAILED"
    assert "delete it, then deploy it again" in stack.events("CREATE_FAILED")["slow"]
    made = stack.api.list_stack_resources(StackName="slow")["StackResourceSummaries"]
    assert {each["LogicalResourceId"] for each in made} == {"Queue", "Template", "Group"}
    gone = Stack(ground.aws, stack.described()["StackId"])
    stack.api.delete_stack(StackName="slow")
    assert gone.settled() == "DELETE_COMPLETE"
    assert (ground.left(), processes_of(ground.aws)) == (before, [])
