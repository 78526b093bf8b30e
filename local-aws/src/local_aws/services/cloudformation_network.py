"""CloudFormation's security groups and their rules."""

from __future__ import annotations

from typing import ClassVar

from local_aws.services.cloudformation_resource import Call, Kind, refuse_others, without
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import Params

_PORTS = ("IpProtocol", "FromPort", "ToPort")
_RULE = frozenset(
    {*_PORTS, "CidrIp", "CidrIpv6", "Description", "DestinationPrefixListId", "DestinationSecurityGroupId", "GroupId",
     "SourcePrefixListId", "SourceSecurityGroupId"}
)  # fmt: skip
_EVERYWHERE: Params = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}


def permission(rule: Params) -> Params:
    """A template's rule as an IpPermission."""
    refuse_others("a security group's rule", rule, _RULE)
    told = {"Description": rule["Description"]} if "Description" in rule else {}
    found: Params = {name: rule[name] for name in _PORTS if name in rule}
    peers = {
        "IpRanges": ("CidrIp", rule.get("CidrIp")),
        "Ipv6Ranges": ("CidrIpv6", rule.get("CidrIpv6")),
        "PrefixListIds": ("PrefixListId", rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")),
        "UserIdGroupPairs": ("GroupId", rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")),
    }
    return found | {where: [{key: value} | told] for where, (key, value) in peers.items() if value}


class SecurityGroup(Kind):
    type: ClassVar[str] = "AWS::EC2::SecurityGroup"
    fixed: ClassVar[tuple[str, ...]] = ("GroupDescription", "GroupName", "VpcId")
    changeable: ClassVar[frozenset[str]] = frozenset({"SecurityGroupEgress", "SecurityGroupIngress"})

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset({*self.fixed, *self.changeable, "Tags"}))
        tags = [{"ResourceType": "security-group", "Tags": props["Tags"]}] if props.get("Tags") else None
        made = call.do(
            "ec2", "create_security_group", GroupName=props.get("GroupName") or call.name(),
            Description=props["GroupDescription"], VpcId=props.get("VpcId"), TagSpecifications=tags,
        )  # fmt: skip
        return str(made["GroupId"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        """A new group reaches everywhere, until rules of its own say less."""
        self._change_rules(call, physical_id, "ingress", props.get("SecurityGroupIngress", []),
                           before.get("SecurityGroupIngress", []))  # fmt: skip
        was = before.get("SecurityGroupEgress") or [_EVERYWHERE]
        self._change_rules(call, physical_id, "egress", props.get("SecurityGroupEgress") or was, was)

    def _change_rules(self, call: Call, group: str, way: str, wanted: list[Params], was: list[Params]) -> None:
        gone = [permission(rule) for rule in was if rule not in wanted]
        new = [permission(rule) for rule in wanted if rule not in was]
        if gone:
            call.do("ec2", f"revoke_security_group_{way}", GroupId=group, IpPermissions=gone)
        if new:
            call.do("ec2", f"authorize_security_group_{way}", GroupId=group, IpPermissions=new)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        (found,) = call.do("ec2", "describe_security_groups", GroupIds=[physical_id])["SecurityGroups"]
        arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{physical_id}"
        return {"GroupId": physical_id, "Id": physical_id, "VpcId": found["VpcId"], "SecurityGroupArn": arn}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("ec2", "delete_security_group", GroupId=physical_id)


class SecurityGroupIngress(Kind):
    """A rule beside its group. Its physical id is the rule's."""

    type: ClassVar[str] = "AWS::EC2::SecurityGroupIngress"
    fixed: ClassVar[tuple[str, ...]] = tuple(sorted(_RULE - {"Description"}))
    changeable: ClassVar[frozenset[str]] = frozenset({"Description"})
    tags: ClassVar[str] = ""
    way: ClassVar[str] = "ingress"

    def create(self, call: Call, props: Params) -> str:
        rule = permission(without(props, "GroupId"))
        made = call.do("ec2", f"authorize_security_group_{self.way}", GroupId=props["GroupId"], IpPermissions=[rule])
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if not before:
            return
        source = props.get("SourceSecurityGroupId") or props.get("DestinationSecurityGroupId")
        rule = {name: props.get(name) for name in (*_PORTS, "Description")} | {
            "CidrIpv4": props.get("CidrIp"), "CidrIpv6": props.get("CidrIpv6"), "ReferencedGroupId": source,
            "PrefixListId": props.get("SourcePrefixListId") or props.get("DestinationPrefixListId"),
        }  # fmt: skip
        changed = [{"SecurityGroupRuleId": physical_id, "SecurityGroupRule": rule}]
        call.do("ec2", "modify_security_group_rules", GroupId=props["GroupId"], SecurityGroupRules=changed)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {"Id": physical_id}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("ec2", f"revoke_security_group_{self.way}", GroupId=props["GroupId"],
                SecurityGroupRuleIds=[physical_id])  # fmt: skip


class SecurityGroupEgress(SecurityGroupIngress):
    type: ClassVar[str] = "AWS::EC2::SecurityGroupEgress"
    way: ClassVar[str] = "egress"


KINDS = (SecurityGroup(), SecurityGroupIngress(), SecurityGroupEgress())
