"""A web tier on local AWS: instances are processes, the load balancer a proxy, and a group looks after both."""

from __future__ import annotations

import base64
import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from support import process_of

pytestmark = pytest.mark.local_aws

APP = """
import json, os, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

IMDS = os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"]

def metadata(path):
    seconds = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    put = urllib.request.Request(IMDS + "latest/api/token", method="PUT", headers=seconds)
    token = urllib.request.urlopen(put).read().decode()
    get = urllib.request.Request(IMDS + "latest/meta-data/" + path, headers={"X-aws-ec2-metadata-token": token})
    return urllib.request.urlopen(get).read().decode()

INSTANCE, SETTING = metadata("instance-id"), open("/etc/shop/setting").read().strip()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps({"instance": INSTANCE, "setting": SETTING, "colour": os.environ["COLOUR"],
                           "for": self.headers["X-Forwarded-For"], "port": self.headers["X-Forwarded-Port"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
UNIT = """
[Unit]
Description=shop
[Service]
User=shop
WorkingDirectory=/opt/shop
Environment=PORT=8000
EnvironmentFile=/etc/shop/env
ExecStart=/usr/bin/python3.11 /opt/shop/app.py
Restart=always
[Install]
WantedBy=multi-user.target
"""


def cloud_config(*commands: str) -> str:
    """User data that writes the shop, its setting and its unit, then runs `commands`."""

    def file(path: str, text: str) -> str:
        return f"  - path: {path}\n    encoding: b64\n    content: {base64.b64encode(text.encode()).decode()}\n"

    files = file("/opt/shop/app.py", APP) + file("/etc/shop/env", "COLOUR=green\n")
    files += file("/etc/systemd/system/shop.service", UNIT)
    lines = "".join(f"  - {command}\n" for command in commands)
    text = f"#cloud-config\npackages: [python3.11]\nwrite_files:\n{files}runcmd:\n{lines}"
    return base64.b64encode(text.encode()).decode()


START = (
    "set -e",
    "cd /etc/shop",
    "aws s3 cp --only-show-errors --region us-east-1 s3://{bucket}/setting setting",
    "dnf install -y no-such-agent || true",
    "systemctl daemon-reload",
    "systemctl enable --now shop",
)


def eventually(condition: Callable[[], Any], seconds: float = 25.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
    return value


@dataclass
class Shop:
    """A launch template, a target group, a load balancer and a group of two, as Terraform would make them."""

    aws: Any
    name: str = field(default_factory=lambda: f"shop-{uuid.uuid4().hex[:8]}")

    def build(self) -> Shop:
        elb, s3 = self.aws.client("elbv2"), self.aws.client("s3")
        s3.create_bucket(Bucket=self.name)
        s3.put_object(Bucket=self.name, Key="setting", Body=b"open")
        self.template = self.launch_template(
            self.name, cloud_config(*(line.format(bucket=self.name) for line in START))
        )
        self.group = elb.create_target_group(
            Name=self.name, Protocol="HTTP", Port=8000, VpcId="vpc-1", HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, UnhealthyThresholdCount=2,
            HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        balancer = elb.create_load_balancer(Name=self.name, Subnets=[])["LoadBalancers"][0]
        self.balancer, self.url = balancer["LoadBalancerArn"], f"http://{balancer['DNSName']}"
        self.listener = elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )["Listeners"][0]["ListenerArn"]  # fmt: skip
        self.aws.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=self.name, MinSize=1, MaxSize=3, DesiredCapacity=2,
            LaunchTemplate={"LaunchTemplateId": self.template, "Version": "$Latest"},
            TargetGroupARNs=[self.group], HealthCheckType="ELB", HealthCheckGracePeriod=5,
        )  # fmt: skip
        return self

    def launch_template(self, name: str, user_data: str) -> str:
        options = {"HttpTokens": "required"}
        made = self.aws.client("ec2").create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={
                "UserData": user_data,
                "ImageId": "ami-1",
                "MetadataOptions": options,
                "IamInstanceProfile": {"Name": "shop"},
            },
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def health(self) -> dict[str, str]:
        told = self.aws.client("elbv2").describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in told}

    def healthy(self) -> set[str]:
        return {name for name, state in self.health().items() if state == "healthy"}

    def answering(self) -> set[str]:
        return {httpx.get(self.url).json()["instance"] for _ in range(8)}

    def remove(self) -> None:
        self.aws.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=self.name, ForceDelete=True)
        self.aws.client("elbv2").delete_load_balancer(LoadBalancerArn=self.balancer)
        self.aws.client("elbv2").delete_target_group(TargetGroupArn=self.group)


@pytest.fixture(scope="module")
def shop(local_aws: Any) -> Iterator[Shop]:
    built = Shop(local_aws).build()
    eventually(lambda: len(built.healthy()) == 2)
    yield built
    built.remove()


def test_both_instances_answer_through_the_load_balancer(shop: Shop) -> None:
    assert shop.answering() == shop.healthy()
    answer = httpx.get(shop.url, headers={"X-Forwarded-For": "203.0.113.7"}).json()
    port = shop.url.rpartition(":")[2]
    assert answer | {"instance": ""} == {
        "instance": "", "setting": "open", "colour": "green", "for": "203.0.113.7,127.0.0.1", "port": port
    }  # fmt: skip


def test_a_killed_instance_is_replaced_and_nobody_notices(shop: Shop) -> None:
    before, failures, ending = shop.healthy(), Counter[int](), threading.Event()

    def load() -> None:
        with httpx.Client() as client:
            while not ending.is_set():
                try:
                    failures[client.get(shop.url).status_code] += 1
                except httpx.HTTPError:
                    failures[0] += 1

    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    victim = sorted(before)[0]
    time.sleep(0.5)
    host = process_of(victim)
    assert host is not None
    os.killpg(host.pid, signal.SIGKILL)
    eventually(lambda: len(shop.healthy()) == 2 and victim not in shop.health())
    ending.set()
    for client in clients:
        client.join()
    assert sum(failures.values()) - failures[200] <= len(clients), failures  # those that it was answering
    assert failures[200] > 100
    activities = shop.aws.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=shop.name)[
        "Activities"
    ]
    assert any(victim in each["Description"] and "health check" in each["Cause"] for each in activities)


def test_user_data_that_cannot_be_done_is_named_on_the_console(shop: Shop) -> None:
    scaling, name = shop.aws.client("autoscaling"), f"{shop.name}-wrong"
    template = shop.launch_template(name, cloud_config("frobnicate --now"))
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=1, DesiredCapacity=1,
        LaunchTemplate={"LaunchTemplateId": template},
    )  # fmt: skip
    failed = eventually(
        lambda: [
            each
            for each in scaling.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
            if each["StatusCode"] == "Failed"
        ]
    )[0]
    instance = failed["Description"].rpartition(" ")[2]
    output = shop.aws.client("ec2").get_console_output(InstanceId=instance)["Output"]
    scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    assert "`frobnicate --now` ended with 127" in failed["StatusMessage"]
    assert "frobnicate: not found" in output or "frobnicate: command not found" in output


def test_rules_answer_and_redirect(shop: Shop) -> None:
    elb = shop.aws.client("elbv2")
    fixed = {"StatusCode": "418", "ContentType": "text/plain", "MessageBody": "short and stout"}
    elb.create_rule(
        ListenerArn=shop.listener, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/tea/*"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )  # fmt: skip
    elb.create_rule(
        ListenerArn=shop.listener, Priority=2, Conditions=[{"Field": "path-pattern", "Values": ["/old"]}],
        Actions=[{"Type": "redirect", "RedirectConfig": {"Path": "/new", "StatusCode": "HTTP_301"}}],
    )  # fmt: skip
    answer = eventually(lambda: (found := httpx.get(f"{shop.url}/tea/pot")).status_code == 418 and found)
    assert (answer.text, answer.headers["content-type"]) == ("short and stout", "text/plain")
    moved = eventually(lambda: (found := httpx.get(f"{shop.url}/old?a=1")).status_code == 301 and found)
    assert moved.headers["location"] == f"{shop.url}/new?a=1"


def test_a_group_without_a_target_that_answers_is_the_load_balancers_error(shop: Shop) -> None:
    elb = shop.aws.client("elbv2")
    empty = elb.create_target_group(
        Name=f"{shop.name}-x", Protocol="HTTP", Port=9, VpcId="vpc-1", TargetType="ip", HealthCheckIntervalSeconds=5
    )["TargetGroups"][0]["TargetGroupArn"]
    rule = elb.create_rule(
        ListenerArn=shop.listener, Priority=3, Conditions=[{"Field": "path-pattern", "Values": ["/nobody"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": empty}],
    )["Rules"][0]["RuleArn"]  # fmt: skip
    answer = eventually(lambda: (found := httpx.get(f"{shop.url}/nobody")).status_code == 503 and found)
    assert "<center><h1>503 Service Temporarily Unavailable</h1></center>" in answer.text
    elb.register_targets(TargetGroupArn=empty, Targets=[{"Id": "127.0.0.1", "Port": 9}])
    eventually(lambda: httpx.get(f"{shop.url}/nobody").status_code == 502)
    told = elb.describe_target_health(TargetGroupArn=empty)["TargetHealthDescriptions"][0]["TargetHealth"]
    assert (told["State"], told["Reason"]) == ("initial", "Elb.InitialHealthChecking")
    elb.delete_rule(RuleArn=rule)
    elb.delete_target_group(TargetGroupArn=empty)


def test_a_refresh_replaces_every_instance_under_load(shop: Shop) -> None:
    scaling, before = shop.aws.client("autoscaling"), shop.healthy()
    scaling.start_instance_refresh(
        AutoScalingGroupName=shop.name, Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    )
    codes: Counter[int] = Counter()

    def refreshed() -> bool:
        codes.update(httpx.get(shop.url).status_code for _ in range(5))
        found = scaling.describe_instance_refreshes(AutoScalingGroupName=shop.name)["InstanceRefreshes"][0]
        return str(found["Status"]) == "Successful"

    eventually(refreshed)
    assert set(codes) == {200}
    assert not before & shop.healthy()


def test_load_scales_out_and_a_hook_holds_what_is_taken_out(shop: Shop) -> None:
    scaling = shop.aws.client("autoscaling")
    label = f"{shop.balancer.partition(':loadbalancer/')[2]}/{shop.group.rpartition(':')[2]}"
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    scaling.put_scaling_policy(
        AutoScalingGroupName=shop.name, PolicyName="requests", PolicyType="TargetTrackingScaling",
        EstimatedInstanceWarmup=1,
        TargetTrackingConfiguration={"PredefinedMetricSpecification": metric, "TargetValue": 10},
    )  # fmt: skip

    def group() -> dict[str, Any]:
        found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[shop.name])["AutoScalingGroups"]
        return dict(found[0])

    eventually(lambda: httpx.get(shop.url).status_code == 200 and group()["DesiredCapacity"] == 3, 40)
    scaling.delete_policy(AutoScalingGroupName=shop.name, PolicyName="requests")
    eventually(lambda: len(shop.healthy()) == 3)
    scaling.put_lifecycle_hook(
        AutoScalingGroupName=shop.name, LifecycleHookName="drain", HeartbeatTimeout=3600, DefaultResult="CONTINUE",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
    )  # fmt: skip
    scaling.set_desired_capacity(AutoScalingGroupName=shop.name, DesiredCapacity=2)
    held = eventually(lambda: [each for each in group()["Instances"] if each["LifecycleState"] == "Terminating:Wait"])[
        0
    ]["InstanceId"]
    assert process_of(held) is not None
    scaling.complete_lifecycle_action(
        AutoScalingGroupName=shop.name, LifecycleHookName="drain", InstanceId=held, LifecycleActionResult="CONTINUE"
    )
    eventually(lambda: process_of(held) is None and len(group()["Instances"]) == 2)


def test_requests_reach_cloudwatch(shop: Shop) -> None:
    dimension = [{"Name": "LoadBalancer", "Value": shop.balancer.partition(":loadbalancer/")[2]}]

    def total(name: str) -> float:
        points = shop.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/ApplicationELB", MetricName=name, Dimensions=dimension, Statistics=["Sum"], Period=60,
            StartTime=datetime.now(UTC) - timedelta(minutes=10), EndTime=datetime.now(UTC) + timedelta(minutes=1),
        )["Datapoints"]  # fmt: skip
        return float(sum(point["Sum"] for point in points))

    httpx.get(shop.url)
    eventually(lambda: total("RequestCount") >= 8 and total("HTTPCode_Target_2XX_Count") >= 8)
