"""Makes every group what it declares: one turn after another, in a thread. All calls block."""

from __future__ import annotations

import logging
import time

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.context import Context
from local_aws.services import autoscaling_plan as plan
from local_aws.services import autoscaling_samples
from local_aws.services.autoscaling_measure import Measures
from local_aws.services.autoscaling_members import Members
from local_aws.services.autoscaling_plan import COMING, GOING, Member
from local_aws.services.autoscaling_refresh import Refreshes
from local_aws.services.autoscaling_scaling import Scaling
from local_aws.services.instance_process import InstanceError, process_of
from local_aws.store import Table
from local_aws.wire import Params

log = logging.getLogger("local_aws.autoscaling")

_UNWELL = ("unhealthy", "unused")


class Worker:
    def __init__(self, ctx: Context, groups: Table, members: Members) -> None:
        self.ctx, self.groups, self.members = ctx, groups, members
        self.measures = Measures(ctx, members)
        self.scaling = Scaling(ctx, groups)
        self.refreshes = Refreshes(groups)
        self._targets: dict[str, dict[str, str]] = {}

    def resume(self) -> None:
        """After a start of local AWS: instances whose processes ended with it start again."""
        for instance in list(self.members.table.values()):
            if instance["Group"] not in self.groups:
                self.members.remove(instance)
            elif not process_of(instance).alive and instance["LifecycleState"] not in GOING:
                log.info("%s starts again with local AWS", instance["InstanceId"])
                self.members.reboot(instance)
                if instance["InServiceAt"]:  # it boots again, and is not judged meanwhile
                    self.members.set(instance, InServiceAt=time.time())

    def turn(self) -> None:
        for name in list(self.groups):
            try:
                self.look(self.groups[name])
            except (BotoCoreError, ClientError, OSError, KeyError) as error:
                log.warning("%s: a turn failed, it is tried again: %s", name, error)
        self.measures.publish(list(self.groups.values()))

    def look(self, group: Params) -> None:
        name = group["AutoScalingGroupName"]
        self._targets = self._target_states(group)
        for instance in self.members.of(name):
            self._advance(group, instance)
        group = self.scaling.tracked(self.groups[name], self.members.of(name))
        members = [_member(entry) for entry in self.members.of(name)]
        ready = {entry["InstanceId"] for entry in self.members.of(name) if self._ready(group, entry)}
        step = self.refreshes.step(group, members, ready)
        for instance_id in step.ending:
            self._retire(group, instance_id, "an instance refresh replaces an instance of an older configuration.")
        if step.ending:
            return
        desired = group["DesiredCapacity"] + step.surge
        for instance_id in plan.surplus(members, desired):
            self._retire(group, instance_id, f"the capacity was changed to {desired}: an instance is taken out.")
        suspended = {entry["ProcessName"] for entry in group["SuspendedProcesses"]}
        if plan.shortfall(members, desired) and "Launch" not in suspended and time.time() >= group["LaunchAfter"]:
            self._launch(group, plan.next_zone(members, group["AvailabilityZones"]), desired)

    def _target_states(self, group: Params) -> dict[str, dict[str, str]]:
        """Target group → instance id → state."""
        found = {}
        for arn in group["TargetGroupARNs"]:
            described = self.ctx.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            found[arn] = {entry["Target"]["Id"]: entry["TargetHealth"]["State"] for entry in described}
        return found

    def _advance(self, group: Params, instance: Params) -> None:
        state = instance["LifecycleState"]
        if state in COMING:
            if failure := self.members.arrive(group, instance):
                self._failed(group, instance, failure)
        elif state in GOING:
            self.members.leave(group, instance)
        elif reason := self._why_unhealthy(group, instance):
            self.members.set(instance, HealthStatus="Unhealthy")
            self._retire(
                group, instance["InstanceId"], f"an instance was taken out of service in response to {reason}."
            )
        elif self._settled(instance) and group["Failures"]:
            self.groups.update_fields(group["AutoScalingGroupName"], Failures=0, LaunchAfter=0.0)

    def _settled(self, instance: Params) -> bool:
        return time.time() - (instance["InServiceAt"] or time.time()) > plan.LONGEST_PAUSE_SECONDS / 2

    def _why_unhealthy(self, group: Params, instance: Params) -> str:
        if not process_of(instance).alive:
            return "an EC2 health check that indicates it has been terminated or stopped"
        if instance["HealthStatus"] == "Unhealthy":
            return "a user health-check"
        age = time.time() - (instance["InServiceAt"] or time.time())
        states = {found.get(instance["InstanceId"]) for found in self._targets.values()}
        if group["HealthCheckType"] == "ELB" and age > group["HealthCheckGracePeriod"] and "unhealthy" in states:
            return "an ELB system health check failure"
        return ""

    def _ready(self, group: Params, instance: Params) -> bool:
        """In service, and healthy for the load balancer where there is one."""
        states = {found.get(instance["InstanceId"]) for found in self._targets.values()}
        return (
            instance["LifecycleState"] == "InService" and states <= {"healthy", "unused"} and process_of(instance).alive
        )

    def _failed(self, group: Params, instance: Params, failure: str) -> None:
        failures = group["Failures"] + 1
        name = group["AutoScalingGroupName"]
        self.groups.update_fields(name, Failures=failures, LaunchAfter=time.time() + plan.pause_after(failures))
        log.warning("%s: %s failed to launch: %s", name, instance["InstanceId"], failure)
        self.members.retire(group, instance, "an instance that could not be launched is ended.", failure=failure)

    def _retire(self, group: Params, instance_id: str, reason: str) -> None:
        self.members.retire(group, self.members.table[instance_id], reason)

    def _launch(self, group: Params, zone: str, desired: int) -> None:
        name = group["AutoScalingGroupName"]
        reason = f"an instance was started in response to a difference between desired and actual capacity ({desired})."
        try:
            self.members.launch(group, zone, reason)
        except (BotoCoreError, ClientError, InstanceError, OSError) as error:
            failures = group["Failures"] + 1
            self.groups.update_fields(name, Failures=failures, LaunchAfter=time.time() + plan.pause_after(failures))
            activity = self.members.activities.begin(name, "Launching a new EC2 instance", reason, zone)
            self.members.activities.end(activity, failure=str(error))
            log.warning("%s: no instance could be launched: %s", name, error)


def _member(instance: Params) -> Member:
    return Member(
        id=instance["InstanceId"],
        state=instance["LifecycleState"],
        zone=instance["AvailabilityZone"],
        version=int(instance["LaunchTemplate"]["Version"]),
        since=instance["LaunchedAt"],
        protected=instance["ProtectedFromScaleIn"],
    )


def announce() -> None:
    """The clock is said once, where the waits are logged."""
    factor, period = autoscaling_samples.clock_factor(), autoscaling_samples.period_seconds()
    log.info("clock factor %g: a minute of Auto Scaling's waits is %g s", factor, period)
