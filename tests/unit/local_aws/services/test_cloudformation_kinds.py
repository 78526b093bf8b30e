"""Each kind of resource by the services' APIs: what a template says is what they have, and nothing stays behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from local_aws.services.cloudformation_kinds import KINDS, refused
from local_aws.services.cloudformation_resource import Call, ResourceError
from local_aws.wire import Params
from moto import mock_aws


class World:
    """Makes, changes and deletes resources of one stack."""

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")

    def call(self, logical_id: str = "Thing") -> Call:
        return Call(self.client, "shop", logical_id)

    def make(self, kind: str, **props: Any) -> tuple[str, Params]:
        return KINDS[f"AWS::{kind}"].make(self.call(), props)

    def change(self, kind: str, physical_id: str, before: Params, **props: Any) -> Params:
        return KINDS[f"AWS::{kind}"].change(self.call(), physical_id, before, props)

    def delete(self, kind: str, physical_id: str, **props: Any) -> None:
        KINDS[f"AWS::{kind}"].delete(self.call(), physical_id, props)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


def rule(port: int, **peer: str) -> Params:
    return {"IpProtocol": "tcp", "FromPort": str(port), "ToPort": str(port), **peer}


def peers(world: World, group: str, way: str) -> set[tuple[Any, str]]:
    (found,) = world.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    permissions = found["IpPermissionsEgress" if way == "out" else "IpPermissions"]
    return {
        (each.get("FromPort"), peer.get("CidrIp") or peer["GroupId"])
        for each in permissions
        for peer in each["IpRanges"] + each["UserIdGroupPairs"]
    }


def test_a_group_reaches_everywhere_until_it_says_where(world: World) -> None:
    vpc = world.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    open_group, attributes = world.make("EC2::SecurityGroup", GroupDescription="open", VpcId=vpc)
    assert (attributes["GroupId"], attributes["VpcId"]) == (open_group, vpc)
    assert peers(world, open_group, "out") == {(None, "0.0.0.0/0")}
    props = {
        "GroupDescription": "closed",
        "VpcId": vpc,
        "SecurityGroupIngress": [rule(80, CidrIp="10.1.0.0/16")],
        "SecurityGroupEgress": [rule(443, CidrIp="10.2.0.0/16")],
    }
    closed, _ = world.make("EC2::SecurityGroup", **props)
    assert peers(world, closed, "in") == {(80, "10.1.0.0/16")}
    assert peers(world, closed, "out") == {(443, "10.2.0.0/16")}
    new = props | {"SecurityGroupEgress": [rule(8000, CidrIp="10.2.0.0/16")]}
    world.change("EC2::SecurityGroup", closed, props, **new)
    assert peers(world, closed, "out") == {(8000, "10.2.0.0/16")}


@pytest.mark.parametrize(("kind", "way"), [("SecurityGroupIngress", "in"), ("SecurityGroupEgress", "out")])
def test_a_rule_beside_its_group_goes_alone(world: World, kind: str, way: str) -> None:
    vpc = world.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group, _ = world.make("EC2::SecurityGroup", GroupDescription="shop", VpcId=vpc)
    other, _ = world.make("EC2::SecurityGroup", GroupDescription="database", VpcId=vpc)
    before, side = peers(world, group, way), "Source" if way == "in" else "Destination"
    props = rule(3306, GroupId=group, **{f"{side}SecurityGroupId": other})
    physical_id, _ = world.make(f"EC2::{kind}", **props)
    assert peers(world, group, way) == before | {(3306, other)}
    world.delete(f"EC2::{kind}", physical_id, **props)
    assert peers(world, group, way) == before


def test_a_bucket_has_what_is_declared_and_goes(world: World) -> None:
    closed = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), "true"
    )
    props: Params = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "PublicAccessBlockConfiguration": closed,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": {"Rules": [{"Id": "expire", "Status": "Enabled", "ExpirationInDays": "90"}]},
    }
    bucket, attributes = world.make("S3::Bucket", **props)
    s3 = world.client("s3")
    assert attributes["Arn"] == f"arn:aws:s3:::{bucket}"
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["Expiration"] == {"Days": 90}
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    longer = {"Rules": [{"Id": "expire", "Status": "Enabled", "ExpirationInDays": "180"}]}
    world.change("S3::Bucket", bucket, props, **props | {"LifecycleConfiguration": longer})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["Expiration"] == {"Days": 180}
    policy = {"Version": "2012-10-17", "Statement": []}
    world.make("S3::BucketPolicy", Bucket=bucket, PolicyDocument=policy)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    world.delete("S3::Bucket", bucket, **props)
    assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_property_that_is_not_done_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="does not do ReplicationConfiguration of AWS::S3::Bucket"):
        world.make("S3::Bucket", ReplicationConfiguration={})
    with pytest.raises(ResourceError, match="does not do Transitions of a lifecycle rule"):
        world.make("S3::Bucket", LifecycleConfiguration={"Rules": [{"Status": "Enabled", "Transitions": []}]})
    assert world.client("s3").list_buckets()["Buckets"] == []


def test_a_queue_sends_what_is_given_up_to_another(world: World) -> None:
    _, dead = world.make("SQS::Queue")
    redrive = {"deadLetterTargetArn": dead["Arn"], "maxReceiveCount": 20}
    url, attributes = world.make("SQS::Queue", RedrivePolicy=redrive, VisibilityTimeout="60")
    found = world.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(found["RedrivePolicy"]) == redrive
    assert (found["VisibilityTimeout"], url.endswith(attributes["QueueName"])) == ("60", True)


def value_of(world: World, arn: str) -> str:
    return str(world.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def test_a_generated_secret_is_as_long_and_as_plain_as_asked(world: World) -> None:
    arn, _ = world.make(
        "SecretsManager::Secret", GenerateSecretString={"PasswordLength": "64", "ExcludePunctuation": True}
    )
    assert re.fullmatch(r"[A-Za-z0-9]{64}", value_of(world, arn))


def test_a_generated_value_joins_what_its_template_holds(world: World) -> None:
    asked = {"SecretStringTemplate": '{"user": "shop"}', "GenerateStringKey": "password", "PasswordLength": 20}
    props: Params = {"GenerateSecretString": asked}
    arn, _ = world.make("SecretsManager::Secret", **props)
    first = json.loads(value_of(world, arn))
    assert (first["user"], len(first["password"])) == ("shop", 20)
    world.change(
        "SecretsManager::Secret", arn, props, **props | {"GenerateSecretString": asked | {"PasswordLength": 30}}
    )
    assert len(json.loads(value_of(world, arn))["password"]) == 30


def test_a_role_keeps_to_its_policies(world: World) -> None:
    def policy(name: str, *actions: str) -> Params:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        return {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

    ec2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [ec2]}
    props: Params = {"AssumeRolePolicyDocument": trust, "Policies": [policy("old", "s3:Get*"), policy("same", "a:B")]}
    role, attributes = world.make("IAM::Role", **props)
    iam = world.client("iam")
    assert attributes["Arn"] == iam.get_role(RoleName=role)["Role"]["Arn"]
    world.change("IAM::Role", role, props, **props | {"Policies": [policy("same", "a:C"), policy("new", "s3:Put*")]})
    assert sorted(iam.list_role_policies(RoleName=role)["PolicyNames"]) == ["new", "same"]
    kept = iam.get_role_policy(RoleName=role, PolicyName="same")["PolicyDocument"]
    assert kept["Statement"][0]["Action"] == ["a:C"]
    profile, _ = world.make("IAM::InstanceProfile", Roles=[role])
    world.delete("IAM::InstanceProfile", profile)
    world.delete("IAM::Role", role)
    assert (iam.list_roles()["Roles"], iam.list_instance_profiles()["InstanceProfiles"]) == ([], [])


def test_a_changed_launch_template_is_another_version(world: World) -> None:
    props: Params = {"LaunchTemplateData": {"InstanceType": "t3.small", "Monitoring": {"Enabled": "true"}}}
    template, attributes = world.make("EC2::LaunchTemplate", **props)
    assert attributes["LatestVersionNumber"] == "1"
    new = {"LaunchTemplateData": {"InstanceType": "t3.large"}}
    assert world.change("EC2::LaunchTemplate", template, props, **new)["LatestVersionNumber"] == "2"


def test_a_load_balancer_sends_to_its_target_group(world: World) -> None:
    ec2, elb = world.client("ec2"), world.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for index, zone in enumerate("ab")
    ]
    idle = [{"Key": "idle_timeout.timeout_seconds", "Value": 30}]
    balancer, attributes = world.make(
        "ElasticLoadBalancingV2::LoadBalancer", Subnets=[each["SubnetId"] for each in subnets],
        LoadBalancerAttributes=idle,
    )  # fmt: skip
    asked: Params = {"VpcId": vpc, "Protocol": "HTTP", "Port": "8000", "HealthCheckPath": "/healthz"}
    group, named = world.make("ElasticLoadBalancingV2::TargetGroup", **asked)
    label = f"{attributes['LoadBalancerFullName']}/{named['TargetGroupFullName']}"
    assert re.fullmatch(r"app/[^/]+/[^/]+/targetgroup/[^/]+/[^/]+", label)
    world.change("ElasticLoadBalancingV2::TargetGroup", group, asked, **asked | {"HealthCheckPath": "/ready"})
    assert elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["HealthCheckPath"] == "/ready"
    listener, _ = world.make(
        "ElasticLoadBalancingV2::Listener", LoadBalancerArn=balancer, Protocol="HTTP", Port="80",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip
    found = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    assert [(each["ListenerArn"], each["Port"]) for each in found] == [(listener, 80)]
    world.delete("ElasticLoadBalancingV2::Listener", listener)
    world.delete("ElasticLoadBalancingV2::TargetGroup", group)
    world.delete("ElasticLoadBalancingV2::LoadBalancer", balancer)
    assert elb.describe_load_balancers()["LoadBalancers"] == elb.describe_target_groups()["TargetGroups"] == []


def test_an_alarm_leaves_the_stacks_tags_to_aws(world: World) -> None:
    name, _ = world.make(
        "CloudWatch::Alarm", Namespace="AWS/SQS", MetricName="ApproximateAgeOfOldestMessage", Statistic="Maximum",
        Period="300", EvaluationPeriods="1", Threshold="900", ComparisonOperator="GreaterThanOrEqualToThreshold",
        Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "shop"}, {"Key": "Project", "Value": "retail"}],
    )  # fmt: skip
    cloudwatch = world.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert (alarm["Threshold"], alarm["Period"]) == (900.0, 300)
    tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert tags == [{"Key": "Project", "Value": "retail"}]


@pytest.mark.parametrize("name", ["RDS::DBInstance", "Kinesis::Stream", "Glue::Job", "AutoScaling::ScheduledAction"])
def test_types_whose_services_run_engines_are_refused(name: str) -> None:
    assert refused(f"AWS::{name}")


@pytest.mark.parametrize("name", ["DynamoDB::Table", "Glue::Database", "AutoScaling::AutoScalingGroup", "SNS::Topic"])
def test_others_are_not(name: str) -> None:
    assert not refused(f"AWS::{name}")
