"""Services that the emulator serves with a loss: what was put reads back whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_aws.services.cloudwatch import CloudWatch
from local_aws.services.ec2_endpoints import VpcEndpoints
from local_aws.services.ec2_flow_logs import DEFAULT_LOG_FORMAT, FlowLogs
from local_aws.services.ec2_prefix_rules import PrefixRules
from local_aws.services.glue_connections import GlueConnections
from local_aws.services.logs_search import LogSearch
from local_aws.store import Table
from local_aws.wire import AwsError, AwsRequest, HttpRequest


class ForgetfulUpstream:
    """Answers what it is told to, and notes the calls that reached it or its other services."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.answer, self.calls = folder, {}, []

    def table(self, name: str) -> Table:
        return Table(self.folder / "services.sqlite", name)

    async def upstream(self, request: AwsRequest, params: Any = None) -> dict[str, Any]:
        self.calls.append(request.action)
        return self.answer

    def client(self, service: str) -> ForgetfulUpstream:
        return self

    def create_tags(self, **arguments: Any) -> None:
        self.calls.append(("create_tags", arguments))

    def tag_resource(self, **arguments: Any) -> None:
        self.calls.append(("tag_resource", arguments))


@pytest.fixture
def ctx(tmp_path):
    return ForgetfulUpstream(tmp_path)


def call(service, action, answer, **params):
    service.ctx.answer = answer
    request = AwsRequest(service.name, action, params, HttpRequest("POST", "/", "", {}, b""))
    return asyncio.run(service.handlers()[action](request))


def test_an_alarm_reads_back_as_it_was_put(ctx):
    alarms = CloudWatch(ctx)
    put = {"AlarmName": "late", "Period": 300, "AlarmActions": ["arn:topic"], "TreatMissingData": "notBreaching"}
    call(alarms, "PutMetricAlarm", {}, **put)
    poor = {"MetricAlarms": [{"AlarmName": "late", "StateValue": "OK", "Period": 0}]}
    (alarm,) = call(alarms, "DescribeAlarms", poor)["MetricAlarms"]
    assert put.items() <= alarm.items()
    assert (alarm["ActionsEnabled"], alarm["StateValue"]) == (True, "OK")


def test_an_alarm_whose_actions_are_switched_off_says_so(ctx):
    alarms = CloudWatch(ctx)
    call(alarms, "PutMetricAlarm", {}, AlarmName="late")
    call(alarms, "DisableAlarmActions", {}, AlarmNames=["late"])
    (alarm,) = call(alarms, "DescribeAlarms", {"MetricAlarms": [{"AlarmName": "late"}]})["MetricAlarms"]
    assert alarm["ActionsEnabled"] is False


def test_an_alarm_that_is_put_anew_forgets_the_deleted_one(ctx):
    alarms = CloudWatch(ctx)
    call(alarms, "PutMetricAlarm", {}, AlarmName="late", AlarmDescription="old")
    call(alarms, "DeleteAlarms", {}, AlarmNames=["late"])
    (alarm,) = call(alarms, "DescribeAlarms", {"MetricAlarms": [{"AlarmName": "late"}]})["MetricAlarms"]
    assert alarm == {"AlarmName": "late"}


def test_a_flow_log_keeps_role_interval_format_and_tags(ctx):
    flow_logs = FlowLogs(ctx)
    call(
        flow_logs,
        "CreateFlowLogs",
        {"FlowLogIds": ["fl-1"]},
        DeliverLogsPermissionArn="arn:role",
        LogDestination="arn:aws:logs:us-east-1:000000000000:log-group:/aws/vpc/shop:*",
        MaxAggregationInterval=60,
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "shop"}]}],
    )
    (described,) = call(flow_logs, "DescribeFlowLogs", {"FlowLogs": [{"FlowLogId": "fl-1"}]})["FlowLogs"]
    assert described["DeliverLogsPermissionArn"] == "arn:role"
    assert described["LogGroupName"] == "/aws/vpc/shop"
    assert (described["MaxAggregationInterval"], described["LogFormat"]) == (60, DEFAULT_LOG_FORMAT)
    assert ("create_tags", {"Resources": ["fl-1"], "Tags": [{"Key": "Name", "Value": "shop"}]}) in ctx.calls


def test_an_interface_endpoint_keeps_its_groups_through_changes(ctx):
    endpoints, known = VpcEndpoints(ctx), {"VpcEndpointId": "vpce-1"}
    created = {"VpcEndpointType": "Interface", "SecurityGroupIds": ["sg-1", "sg-2"]}
    call(endpoints, "CreateVpcEndpoint", {"VpcEndpoint": known}, **created)
    changes = {"RemoveSecurityGroupIds": ["sg-1"], "AddSecurityGroupIds": ["sg-3"], "PrivateDnsEnabled": False}
    call(endpoints, "ModifyVpcEndpoint", {}, VpcEndpointId="vpce-1", **changes)
    (endpoint,) = call(endpoints, "DescribeVpcEndpoints", {"VpcEndpoints": [known]})["VpcEndpoints"]
    assert [group["GroupId"] for group in endpoint["Groups"]] == ["sg-2", "sg-3"]
    assert endpoint["PrivateDnsEnabled"] is False


def test_a_gateway_endpoint_is_left_as_it_is(ctx):
    created = call(
        VpcEndpoints(ctx), "CreateVpcEndpoint", {"VpcEndpoint": {"VpcEndpointId": "vpce-1"}}, VpcEndpointType="Gateway"
    )
    assert created == {"VpcEndpoint": {"VpcEndpointId": "vpce-1"}}


def test_a_rules_prefix_list_is_read_back(ctx):
    rules, known = PrefixRules(ctx), {"SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1"}]}
    named = {"PrefixListId": "pl-s3", "Description": "S3"}
    call(rules, "AuthorizeSecurityGroupEgress", known, IpPermissions=[{"PrefixListIds": [named]}])
    (rule,) = call(rules, "DescribeSecurityGroupRules", known)["SecurityGroupRules"]
    assert rule == {"SecurityGroupRuleId": "sgr-1"} | named


def test_a_glue_connections_tags_are_kept(ctx):
    call(GlueConnections(ctx), "CreateConnection", {}, ConnectionInput={"Name": "vpc"}, Tags={"Project": "shop"})
    arn = "arn:aws:glue:us-east-1:000000000000:connection/vpc"
    assert ctx.calls[-1] == ("tag_resource", {"ResourceArn": arn, "TagsToAdd": {"Project": "shop"}})


class Streams(ForgetfulUpstream):
    """A log group whose streams a client can list."""

    asked: Any = None

    async def upstream(self, request: AwsRequest, params: Any = None) -> dict[str, Any]:
        self.asked = params or request.params
        return self.answer

    def get_paginator(self, _: str) -> Streams:
        return self

    def paginate(self, logGroupName: str, logStreamNamePrefix: str) -> list[dict[str, Any]]:  # noqa: N803 - AWS's names
        if logGroupName == "nowhere":
            said = {"Code": "ResourceNotFoundException", "Message": "The specified log group does not exist."}
            raise ClientError({"Error": said}, "DescribeLogStreams")
        names = [name for name in ("jr_1", "jr_1-driver", "jr_2") if name.startswith(logStreamNamePrefix)]
        return [{"logStreams": [{"logStreamName": name} for name in names]}]


def test_a_search_by_prefix_reads_the_streams_of_that_prefix_alone(tmp_path):
    search = LogSearch(Streams(tmp_path))
    call(search, "FilterLogEvents", {"events": []}, logGroupName="jobs", logStreamNamePrefix="jr_1")
    assert search.ctx.asked == {"logGroupName": "jobs", "logStreamNames": ["jr_1", "jr_1-driver"]}


def test_a_prefix_that_no_stream_has_finds_nothing(tmp_path):
    search = LogSearch(Streams(tmp_path))
    found = call(search, "FilterLogEvents", {"events": ["all"]}, logGroupName="jobs", logStreamNamePrefix="jr_9")
    assert found["events"] == []


def test_a_search_in_a_group_that_does_not_exist_says_so(tmp_path):
    with pytest.raises(AwsError) as refused:
        call(LogSearch(Streams(tmp_path)), "FilterLogEvents", {}, logGroupName="nowhere", logStreamNamePrefix="jr_1")
    assert refused.value.code == "ResourceNotFoundException"
