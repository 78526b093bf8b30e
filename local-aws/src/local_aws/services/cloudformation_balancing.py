"""CloudFormation's load balancers, target groups, listeners, and the firewall in front of them."""

from __future__ import annotations

from typing import ClassVar

from local_aws.services.cloudformation_resource import Call, Kind, chosen, refuse_others, without
from local_aws.wire import Params

NAME_LENGTH = 32  # of load balancers and target groups


class LoadBalancer(Kind):
    type: ClassVar[str] = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    fixed: ClassVar[tuple[str, ...]] = ("Name", "Scheme", "Type")
    changeable: ClassVar[frozenset[str]] = frozenset({"LoadBalancerAttributes", "SecurityGroups", "Subnets"})

    def create(self, call: Call, props: Params) -> str:
        own = without(props, "LoadBalancerAttributes") | {"Name": props.get("Name") or call.name(NAME_LENGTH)}
        return str(call.do("elbv2", "create_load_balancer", **own)["LoadBalancers"][0]["LoadBalancerArn"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before and props.get("Subnets") != before.get("Subnets"):
            call.do("elbv2", "set_subnets", LoadBalancerArn=physical_id, Subnets=props["Subnets"])
        if before and props.get("SecurityGroups") != before.get("SecurityGroups"):
            groups = props["SecurityGroups"]
            call.do("elbv2", "set_security_groups", LoadBalancerArn=physical_id, SecurityGroups=groups)
        if attributes := props.get("LoadBalancerAttributes"):
            call.do("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=physical_id, Attributes=attributes)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        (found,) = call.do("elbv2", "describe_load_balancers", LoadBalancerArns=[physical_id])["LoadBalancers"]
        return {
            "CanonicalHostedZoneID": found["CanonicalHostedZoneId"],
            "DNSName": found["DNSName"],
            "LoadBalancerArn": physical_id,
            "LoadBalancerFullName": physical_id.partition(":loadbalancer/")[2],
            "LoadBalancerName": found["LoadBalancerName"],
            "SecurityGroups": found.get("SecurityGroups", []),
        }

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("elbv2", "delete_load_balancer", LoadBalancerArn=physical_id)


class TargetGroup(Kind):
    type: ClassVar[str] = "AWS::ElasticLoadBalancingV2::TargetGroup"
    fixed: ClassVar[tuple[str, ...]] = (
        "IpAddressType", "Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId",
    )  # fmt: skip
    health: ClassVar[tuple[str, ...]] = (
        "HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort",
        "HealthCheckProtocol", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "Matcher",
        "UnhealthyThresholdCount",
    )  # fmt: skip
    changeable: ClassVar[frozenset[str]] = frozenset({*health, "TargetGroupAttributes"})

    def create(self, call: Call, props: Params) -> str:
        own = without(props, "TargetGroupAttributes") | {"Name": props.get("Name") or call.name(NAME_LENGTH)}
        return str(call.do("elbv2", "create_target_group", **own)["TargetGroups"][0]["TargetGroupArn"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            call.do("elbv2", "modify_target_group", TargetGroupArn=physical_id, **chosen(props, *self.health))
        if attributes := props.get("TargetGroupAttributes"):
            call.do("elbv2", "modify_target_group_attributes", TargetGroupArn=physical_id, Attributes=attributes)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        (found,) = call.do("elbv2", "describe_target_groups", TargetGroupArns=[physical_id])["TargetGroups"]
        return {
            "LoadBalancerArns": found.get("LoadBalancerArns", []),
            "TargetGroupArn": physical_id,
            "TargetGroupFullName": physical_id.rpartition(":")[2],
            "TargetGroupName": found["TargetGroupName"],
        }

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("elbv2", "delete_target_group", TargetGroupArn=physical_id)


class Listener(Kind):
    type: ClassVar[str] = "AWS::ElasticLoadBalancingV2::Listener"
    fixed: ClassVar[tuple[str, ...]] = ("LoadBalancerArn",)
    changeable: ClassVar[frozenset[str]] = frozenset(
        {"AlpnPolicy", "Certificates", "DefaultActions", "MutualAuthentication", "Port", "Protocol", "SslPolicy"}
    )

    def create(self, call: Call, props: Params) -> str:
        return str(call.do("elbv2", "create_listener", **props)["Listeners"][0]["ListenerArn"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            call.do("elbv2", "modify_listener", ListenerArn=physical_id, **chosen(props, *self.changeable))

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {"ListenerArn": physical_id}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("elbv2", "delete_listener", ListenerArn=physical_id)


class WebAcl(Kind):
    """Its physical id is name|id|scope, as Ref gives it."""

    type: ClassVar[str] = "AWS::WAFv2::WebACL"
    fixed: ClassVar[tuple[str, ...]] = ("Name", "Scope")
    changeable: ClassVar[frozenset[str]] = frozenset({"DefaultAction", "Description", "Rules", "VisibilityConfig"})

    def create(self, call: Call, props: Params) -> str:
        own = {"Name": props.get("Name") or call.name()}
        made = call.do("wafv2", "create_web_acl", **props | own)["Summary"]
        return f"{made['Name']}|{made['Id']}|{props['Scope']}"

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            lock = self._found(call, physical_id)["LockToken"]
            new = chosen(props, *self.changeable)
            call.do("wafv2", "update_web_acl", **self._identity(physical_id), LockToken=lock, **new)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        found = self._found(call, physical_id)["WebACL"]
        return {"Arn": found["ARN"], "Id": found["Id"], "Capacity": found.get("Capacity", 0)}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        lock = self._found(call, physical_id)["LockToken"]
        call.do("wafv2", "delete_web_acl", **self._identity(physical_id), LockToken=lock)

    def _found(self, call: Call, physical_id: str) -> Params:
        return call.do("wafv2", "get_web_acl", **self._identity(physical_id))

    def _identity(self, physical_id: str) -> Params:
        name, acl_id, scope = physical_id.split("|")
        return {"Name": name, "Id": acl_id, "Scope": scope}


class WebAclAssociation(Kind):
    type: ClassVar[str] = "AWS::WAFv2::WebACLAssociation"
    fixed: ClassVar[tuple[str, ...]] = ("ResourceArn", "WebACLArn")
    tags: ClassVar[str] = ""

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset(self.fixed))
        call.do("wafv2", "associate_web_acl", **props)
        return f"{props['WebACLArn']}|{props['ResourceArn']}"

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("wafv2", "disassociate_web_acl", ResourceArn=props["ResourceArn"])


KINDS = (LoadBalancer(), TargetGroup(), Listener(), WebAcl(), WebAclAssociation())
