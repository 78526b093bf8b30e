"""What a web tier's Terraform reads back from local AWS is what it wrote, so that a plan after an apply is empty."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws

KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def name() -> str:
    return f"shop-{uuid.uuid4().hex[:8]}"


def volume(**ebs: Any) -> dict[str, Any]:
    return {"ImageId": "ami-1", "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8} | ebs}]}


def volumes(aws: Any, name: str, *versions: str) -> list[dict[str, Any]]:
    found = aws.client("ec2").describe_launch_template_versions(LaunchTemplateName=name, Versions=list(versions))
    data = [version["LaunchTemplateData"] for version in found["LaunchTemplateVersions"]]
    return [each["BlockDeviceMappings"][0]["Ebs"] for each in data]


@pytest.fixture
def group(local_aws: Any, name: str) -> Iterator[str]:
    """A group without instances that follows two policies."""
    scaling, ec2 = local_aws.client("autoscaling"), local_aws.client("ec2")
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=volume())
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=1, DesiredCapacity=0,
        AvailabilityZones=["us-east-1a"], LaunchTemplate={"LaunchTemplateName": name},
    )  # fmt: skip
    for policy, target in (("calm", 40.0), ("busy", 60.0)):
        metric = {"PredefinedMetricType": "ASGAverageCPUUtilization"}
        scaling.put_scaling_policy(
            AutoScalingGroupName=name, PolicyName=policy, PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={"PredefinedMetricSpecification": metric, "TargetValue": target},
        )  # fmt: skip
    yield name
    scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    ec2.delete_launch_template(LaunchTemplateName=name)


def test_a_service_linked_role_has_its_suffix_and_its_description(local_aws: Any, name: str) -> None:
    iam, service = local_aws.client("iam"), "autoscaling.amazonaws.com"
    made = iam.create_service_linked_role(AWSServiceName=service, CustomSuffix=name, Description="The shop's.")["Role"]

    role = iam.get_role(RoleName=f"AWSServiceRoleForAutoScaling_{name}")["Role"]

    iam.delete_service_linked_role(RoleName=role["RoleName"])
    path = f"/aws-service-role/{service}/"
    assert (role["Path"], role["Description"]) == (path, "The shop's.")
    assert role["Arn"] == made["Arn"] == f"arn:aws:iam::000000000000:role{path}{role['RoleName']}"
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    ]


def test_a_service_linked_role_stands_once_and_not_every_service_takes_a_suffix(local_aws: Any, name: str) -> None:
    iam, scaling = local_aws.client("iam"), {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": name}
    iam.create_service_linked_role(**scaling)

    with pytest.raises(ClientError) as again:
        iam.create_service_linked_role(**scaling)
    with pytest.raises(ClientError) as suffixed:
        iam.create_service_linked_role(AWSServiceName="elasticloadbalancing.amazonaws.com", CustomSuffix=name)

    iam.delete_service_linked_role(RoleName=f"AWSServiceRoleForAutoScaling_{name}")
    assert {error.value.response["Error"]["Code"] for error in (again, suffixed)} == {"InvalidInput"}
    assert "has been taken in this account" in str(again.value)


def test_a_volumes_key_reads_back_in_each_version_of_a_launch_template(local_aws: Any, name: str) -> None:
    ec2 = local_aws.client("ec2")
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=volume(Encrypted=True, KmsKeyId=KEY))
    made = ec2.create_launch_template_version(
        LaunchTemplateName=name, LaunchTemplateData=volume(Encrypted=True, KmsKeyId=f"{KEY}-2")
    )["LaunchTemplateVersion"]["LaunchTemplateData"]
    ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=volume())

    keys = [ebs.get("KmsKeyId") for ebs in volumes(local_aws, name, "1", "2", "3")]
    latest = volumes(local_aws, name, "$Latest")

    ec2.delete_launch_template(LaunchTemplateName=name)
    assert keys == [KEY, f"{KEY}-2", None]
    assert made["BlockDeviceMappings"][0]["Ebs"]["KmsKeyId"] == f"{KEY}-2"
    assert [ebs.get("KmsKeyId") for ebs in latest] == [None]


def test_a_launch_template_made_anew_under_its_name_has_no_key_of_the_old_one(local_aws: Any, name: str) -> None:
    ec2 = local_aws.client("ec2")
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=volume(Encrypted=True, KmsKeyId=KEY))
    ec2.delete_launch_template(LaunchTemplateName=name)
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=volume(Encrypted=True))

    (ebs,) = volumes(local_aws, name, "$Default")

    ec2.delete_launch_template(LaunchTemplateName=name)
    assert (ebs["Encrypted"], ebs.get("KmsKeyId")) == (True, None)


def test_policies_are_described_by_name_arn_and_type(local_aws: Any, group: str) -> None:
    def described(**asked: Any) -> dict[str, float]:
        found = local_aws.client("autoscaling").describe_policies(AutoScalingGroupName=group, **asked)
        return {
            policy["PolicyName"]: policy["TargetTrackingConfiguration"]["TargetValue"]
            for policy in found["ScalingPolicies"]
        }

    policies = local_aws.client("autoscaling").describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]
    (arn,) = [policy["PolicyARN"] for policy in policies if policy["PolicyName"] == "busy"]

    assert described() == {"calm": 40.0, "busy": 60.0}
    assert described(PolicyNames=["busy"]) == described(PolicyNames=[arn]) == {"busy": 60.0}
    assert described(PolicyNames=["nobody"]) == {}
    assert described(PolicyTypes=["StepScaling"]) == {}
    assert described(PolicyTypes=["TargetTrackingScaling"]) == {"calm": 40.0, "busy": 60.0}
