"""The life of one instance of a group: launched, in service, ended. All calls block.

Pending → (Pending:Wait) → InService → Terminating (drained, hooks done) → gone.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from typing import Any

from botocore.exceptions import ClientError

from local_aws import upstream
from local_aws.context import Context
from local_aws.services import autoscaling_samples, instance_process
from local_aws.services.autoscaling_activities import Activities, cause
from local_aws.services.instance_process import InstanceError, instances_of, process_of
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import Params

log = logging.getLogger("local_aws.autoscaling")

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"


class Members:
    """`table` holds the instances of all groups, by id."""

    def __init__(self, ctx: Context, activities: Activities) -> None:
        self.ctx, self.activities = ctx, activities
        self.table = instances_of(ctx)

    def of(self, group: str) -> list[Params]:
        return [entry for entry in self.table.values() if entry["Group"] == group]

    def set(self, instance: Params, **fields: Any) -> Params:
        return self.table.update_fields(instance["InstanceId"], **fields)

    # --- coming ---

    def launch(self, group: Params, zone: str, reason: str) -> None:
        """Start one. Raises InstanceError, or the SDK's errors for a launch template that is not right."""
        template, version = self._template(group)
        taken = {port for entry in self.table.values() for port in (entry["Port"], entry["MetadataPort"])}
        port, metadata_port = instance_process.ports_for(self.ctx, taken)
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"] if tag["PropagateAtLaunch"]}
        tags |= {"aws:autoscaling:groupName": group["AutoScalingGroupName"]}
        instance: Params = {
            "InstanceId": self._declare(group, template, zone, tags),
            "Group": group["AutoScalingGroupName"],
            "InstanceType": template.get("InstanceType") or "t3.micro",
            "AvailabilityZone": zone,
            "LifecycleState": "Pending",
            "HealthStatus": "Healthy",
            "LaunchTemplate": group["LaunchTemplate"] | {"Version": str(version)},
            "ProtectedFromScaleIn": group["NewInstancesProtectedFromScaleIn"],
            "Port": port,
            "MetadataPort": metadata_port,
            "LaunchedAt": time.time(),
            "InServiceAt": None,
            "Hooks": {},
        }
        instance_process.prepare(self.ctx, instance, template, tags)
        process = instance_process.start(self.ctx.settings, instance["InstanceId"])
        description = f"Launching a new EC2 instance: {instance['InstanceId']}"
        activity = self.activities.begin(instance["Group"], description, cause(reason), zone)
        self.table[instance["InstanceId"]] = instance | {
            "Pid": process.pid, "Started": process.started, "Activity": activity
        }  # fmt: skip
        log.info("%s: %s on port %d", instance["Group"], description, port)

    def _template(self, group: Params) -> tuple[Params, int]:
        asked = group["LaunchTemplate"]
        found = self.ctx.client("ec2").describe_launch_template_versions(
            LaunchTemplateId=asked["LaunchTemplateId"], Versions=[asked.get("Version") or "$Default"]
        )["LaunchTemplateVersions"]
        if not found:
            raise InstanceError(
                f"The launch template {asked['LaunchTemplateId']} has no version {asked.get('Version')}"
            )
        return found[0]["LaunchTemplateData"], found[0]["VersionNumber"]

    def _declare(self, group: Params, template: Params, zone: str, tags: dict[str, str]) -> str:
        """The instance as EC2 describes it, in one of the group's subnets."""
        subnets = [name for name in group["VPCZoneIdentifier"].split(",") if name]
        place = {"SubnetId": subnets[group["AvailabilityZones"].index(zone) % len(subnets)]} if subnets else {}
        profile = {key: value for key, value in (template.get("IamInstanceProfile") or {}).items() if value}
        made = self.ctx.client("ec2").run_instances(
            ImageId=template.get("ImageId") or "ami-00000000",
            InstanceType=template.get("InstanceType") or "t3.micro",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            ],
            **place,
            **({"IamInstanceProfile": profile} if profile else {}),
        )
        return str(made["Instances"][0]["InstanceId"])

    def arrive(self, group: Params, instance: Params) -> str:
        """A pending one whose user data is done goes into service; returns why it cannot, if so."""
        told = instance_process.status(self.ctx.settings, instance["InstanceId"])
        if told["state"] == "failed":
            return str(told["reason"])
        if not process_of(instance).alive:
            return "the instance's process ended; get_console_output shows what it did"
        if told["state"] != "running" or not self._hooks_done(group, instance, LAUNCHING, "Pending:Wait"):
            return ""
        instance = self.table[instance["InstanceId"]]
        if "ABANDON" in (hook["Result"] for hook in instance["Hooks"].values()):
            return "a lifecycle hook abandoned the launch"
        for arn in group["TargetGroupARNs"]:
            self.ctx.client("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": instance["InstanceId"]}])
        self.set(instance, LifecycleState="InService", InServiceAt=time.time(), Hooks={})
        self.activities.end(instance["Activity"])
        return ""

    def reboot(self, instance: Params) -> None:
        """Its process is gone with local AWS, not by a fault: the same instance starts again."""
        process = instance_process.start(self.ctx.settings, instance["InstanceId"])
        self.set(instance, Pid=process.pid, Started=process.started)

    # --- going ---

    def retire(self, group: Params, instance: Params, reason: str, *, failure: str = "") -> None:
        """Out of the load balancer now; the process ends when requests and hooks are done."""
        if failure:
            self.activities.end(instance["Activity"], failure=failure)
        for arn in group["TargetGroupARNs"]:
            self.ctx.client("elbv2").deregister_targets(TargetGroupArn=arn, Targets=[{"Id": instance["InstanceId"]}])
        description = f"Terminating EC2 instance: {instance['InstanceId']}"
        activity = self.activities.begin(instance["Group"], description, cause(reason), instance["AvailabilityZone"])
        self.set(instance, LifecycleState="Terminating", Activity=activity, Hooks={})
        log.info("%s: %s (%s)", instance["Group"], description, reason)

    def leave(self, group: Params, instance: Params) -> None:
        """End a terminating one once nothing waits for it."""
        alive = process_of(instance).alive
        if alive and any(self._drains(arn, instance["InstanceId"]) for arn in group["TargetGroupARNs"]):
            return
        if alive and not self._hooks_done(group, instance, TERMINATING, "Terminating:Wait"):
            return
        self.remove(instance)

    def remove(self, instance: Params) -> None:
        """Its process ends, EC2 says terminated, its ports are free."""
        instance_process.end(self.ctx.settings, instance)
        with contextlib.suppress(ClientError):  # EC2 may have ended it: that is why it goes
            self.ctx.client("ec2").terminate_instances(InstanceIds=[instance["InstanceId"]])
        self.activities.end(instance["Activity"])
        self.table.pop(instance["InstanceId"], None)

    def _drains(self, target_group: str, instance_id: str) -> bool:
        targets = self.ctx.client("elbv2").describe_target_health(TargetGroupArn=target_group)
        return instance_id in (entry["Target"]["Id"] for entry in targets["TargetHealthDescriptions"])

    # --- hooks ---

    def _hooks_done(self, group: Params, instance: Params, transition: str, waiting: str) -> bool:
        """Begin the hooks of a transition; true once each has its result or its time is over."""
        if instance["LifecycleState"] != waiting:
            hooks = self.ctx.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=instance["Group"])
            wanted = [hook for hook in hooks["LifecycleHooks"] if hook["LifecycleTransition"] == transition]
            if not wanted:
                return True
            begun = {hook["LifecycleHookName"]: self._begin(hook, instance) for hook in wanted}
            self.set(instance, LifecycleState=waiting, Hooks=begun)
            return False
        hooks = {
            name: hook | {"Result": hook["Result"] or (hook["Default"] if time.time() > hook["Until"] else None)}
            for name, hook in instance["Hooks"].items()
        }
        self.set(instance, Hooks=hooks)
        return all(hook["Result"] for hook in hooks.values())

    def _begin(self, hook: Params, instance: Params) -> Params:
        seconds = max(hook.get("HeartbeatTimeout", 3600) / autoscaling_samples.clock_factor(), 1.0)
        token = str(uuid.uuid4())
        launching = hook["LifecycleTransition"] == LAUNCHING
        upstream.emit_event(
            "aws.autoscaling",
            f"EC2 Instance-{'launch' if launching else 'terminate'} Lifecycle Action",
            {
                "LifecycleActionToken": token,
                "AutoScalingGroupName": instance["Group"],
                "LifecycleHookName": hook["LifecycleHookName"],
                "EC2InstanceId": instance["InstanceId"],
                "LifecycleTransition": hook["LifecycleTransition"],
                "NotificationMetadata": hook.get("NotificationMetadata", ""),
            },
            [f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/{instance['Group']}"],
        )
        log.info("%s: hook %s waits %.0f s", instance["InstanceId"], hook["LifecycleHookName"], seconds)
        return {"Token": token, "Seconds": seconds, "Until": time.time() + seconds,
                "Default": hook.get("DefaultResult", "ABANDON"), "Result": None}  # fmt: skip
