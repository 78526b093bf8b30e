"""CloudFormation's roles, instance profiles, launch templates and scaling policies."""

from __future__ import annotations

from typing import ClassVar

from local_aws.services.cloudformation_resource import Call, Kind, chosen, refuse_others, without
from local_aws.wire import Params

ROLE_NAME_LENGTH = 64


class Role(Kind):
    type: ClassVar[str] = "AWS::IAM::Role"
    fixed: ClassVar[tuple[str, ...]] = ("Path", "RoleName")
    changeable: ClassVar[frozenset[str]] = frozenset(
        {"AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "Policies"}
    )

    def create(self, call: Call, props: Params) -> str:
        own = without(props, "ManagedPolicyArns", "Policies")
        name = str(props.get("RoleName") or call.name(ROLE_NAME_LENGTH))
        call.do("iam", "create_role", **own | {"RoleName": name})
        return name

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            document = props["AssumeRolePolicyDocument"]
            call.do("iam", "update_assume_role_policy", RoleName=physical_id, PolicyDocument=document)
            call.do("iam", "update_role", RoleName=physical_id, **chosen(props, "Description", "MaxSessionDuration"))
        wanted, was = _policies(props), _policies(before)
        for name in was.keys() - wanted.keys():
            call.do("iam", "delete_role_policy", RoleName=physical_id, PolicyName=name)
        for name in wanted:
            call.do("iam", "put_role_policy", RoleName=physical_id, PolicyName=name, PolicyDocument=wanted[name])
        managed, had = set(props.get("ManagedPolicyArns", ())), set(before.get("ManagedPolicyArns", ()))
        for arn in had - managed:
            call.do("iam", "detach_role_policy", RoleName=physical_id, PolicyArn=arn)
        for arn in managed - had:
            call.do("iam", "attach_role_policy", RoleName=physical_id, PolicyArn=arn)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        found = call.do("iam", "get_role", RoleName=physical_id)["Role"]
        return {"Arn": found["Arn"], "RoleId": found["RoleId"]}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        for name in call.do("iam", "list_role_policies", RoleName=physical_id)["PolicyNames"]:
            call.do("iam", "delete_role_policy", RoleName=physical_id, PolicyName=name)
        for each in call.do("iam", "list_attached_role_policies", RoleName=physical_id)["AttachedPolicies"]:
            call.do("iam", "detach_role_policy", RoleName=physical_id, PolicyArn=each["PolicyArn"])
        call.do("iam", "delete_role", RoleName=physical_id)


def _policies(props: Params) -> Params:
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in props.get("Policies", ())}


class InstanceProfile(Kind):
    type: ClassVar[str] = "AWS::IAM::InstanceProfile"
    fixed: ClassVar[tuple[str, ...]] = ("InstanceProfileName", "Path")
    changeable: ClassVar[frozenset[str]] = frozenset({"Roles"})
    tags: ClassVar[str] = ""

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset({*self.fixed, *self.changeable}))
        name = str(props.get("InstanceProfileName") or call.name())
        call.do("iam", "create_instance_profile", InstanceProfileName=name, Path=props.get("Path"))
        return name

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        for role in set(before.get("Roles", ())) - set(props["Roles"]):
            call.do("iam", "remove_role_from_instance_profile", InstanceProfileName=physical_id, RoleName=role)
        for role in set(props["Roles"]) - set(before.get("Roles", ())):
            call.do("iam", "add_role_to_instance_profile", InstanceProfileName=physical_id, RoleName=role)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        found = call.do("iam", "get_instance_profile", InstanceProfileName=physical_id)["InstanceProfile"]
        return {"Arn": found["Arn"]}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        held = call.do("iam", "get_instance_profile", InstanceProfileName=physical_id)["InstanceProfile"]["Roles"]
        for role in held:
            names = {"InstanceProfileName": physical_id, "RoleName": role["RoleName"]}
            call.do("iam", "remove_role_from_instance_profile", **names)
        call.do("iam", "delete_instance_profile", InstanceProfileName=physical_id)


class LaunchTemplate(Kind):
    """A change is another version of it; Ref stays."""

    type: ClassVar[str] = "AWS::EC2::LaunchTemplate"
    fixed: ClassVar[tuple[str, ...]] = ("LaunchTemplateName", "TagSpecifications")
    changeable: ClassVar[frozenset[str]] = frozenset({"LaunchTemplateData", "VersionDescription"})
    tags: ClassVar[str] = ""

    def create(self, call: Call, props: Params) -> str:
        own = {"LaunchTemplateName": props.get("LaunchTemplateName") or call.name()}
        made = call.do("ec2", "create_launch_template", **props | own)["LaunchTemplate"]
        return str(made["LaunchTemplateId"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            new = chosen(props, *self.changeable)
            call.do("ec2", "create_launch_template_version", LaunchTemplateId=physical_id, **new)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        asked = {"LaunchTemplateIds": [physical_id]}
        (found,) = call.do("ec2", "describe_launch_templates", **asked)["LaunchTemplates"]
        return {
            "DefaultVersionNumber": str(found["DefaultVersionNumber"]),
            "LatestVersionNumber": str(found["LatestVersionNumber"]),
            "LaunchTemplateId": physical_id,
        }

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("ec2", "delete_launch_template", LaunchTemplateId=physical_id)


class ScalingPolicy(Kind):
    """Its physical id is its ARN."""

    type: ClassVar[str] = "AWS::AutoScaling::ScalingPolicy"
    fixed: ClassVar[tuple[str, ...]] = ("AutoScalingGroupName",)
    changeable: ClassVar[frozenset[str]] = frozenset({"EstimatedInstanceWarmup", "TargetTrackingConfiguration"})
    tags: ClassVar[str] = ""

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset({*self.fixed, *self.changeable, "PolicyType"}))
        return str(call.do("autoscaling", "put_scaling_policy", PolicyName=call.name(), **props)["PolicyARN"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            name = self.attributes(call, physical_id, props)["PolicyName"]
            call.do("autoscaling", "put_scaling_policy", PolicyName=name, **props)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {"Arn": physical_id, "PolicyName": physical_id.rpartition("policyName/")[2]}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        group = props["AutoScalingGroupName"]
        call.do("autoscaling", "delete_policy", AutoScalingGroupName=group, PolicyName=physical_id)


KINDS = (Role(), InstanceProfile(), LaunchTemplate(), ScalingPolicy())
