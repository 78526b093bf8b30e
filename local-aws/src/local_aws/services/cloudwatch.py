"""CloudWatch, amended: an alarm reads back as it was put. State and evaluation stay with the emulator behind."""

from __future__ import annotations

from typing import Any

from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params

_DEFAULTS: Params = {
    "ActionsEnabled": True,
    "AlarmActions": [],
    "Dimensions": [],
    "InsufficientDataActions": [],
    "OKActions": [],
}


class CloudWatch(Service):
    name = "cloudwatch"

    @action("PutMetricAlarm", "PutCompositeAlarm")
    async def put_alarm(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        definition = {name: value for name, value in request.params.items() if name != "Tags"}
        self._definitions()[request.params["AlarmName"]] = _DEFAULTS | definition
        return result

    @action("DescribeAlarms")
    async def describe_alarms(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        return result | {
            kind: [self._completed(alarm, kind) for alarm in result[kind]]
            for kind in ("MetricAlarms", "CompositeAlarms")
            if kind in result
        }

    @action("DescribeAlarmsForMetric")
    async def describe_alarms_for_metric(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        alarms = [self._completed(alarm, "MetricAlarms") for alarm in result.get("MetricAlarms", [])]
        return result | {"MetricAlarms": alarms}

    @action("DeleteAlarms")
    async def delete_alarms(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        for name in request.params.get("AlarmNames", []):
            self._definitions().pop(name, None)
        return result

    @action("EnableAlarmActions", "DisableAlarmActions")
    async def switch_alarm_actions(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        definitions = self._definitions()
        for name in request.params.get("AlarmNames", []):
            if name in definitions:
                definitions.update_fields(name, ActionsEnabled=request.action == "EnableAlarmActions")
        return result

    def _definitions(self) -> Any:
        return self.ctx.table("cloudwatch.alarms")

    def _completed(self, alarm: Params, kind: str) -> Params:
        definition: Params = self._definitions().get(alarm["AlarmName"], {})
        if kind == "CompositeAlarms":
            definition = {name: value for name, value in definition.items() if name != "Dimensions"}
        return alarm | definition
