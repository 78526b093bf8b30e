"""Load balancers: rules as routes, health as AWS tells it, counts as metrics."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from local_aws.services import elbv2_envoy, elbv2_health, elbv2_metrics, elbv2_routes
from local_aws.services.elbv2_health import Observed
from local_aws.services.elbv2_proxy import Sample
from local_aws.wire import AwsError

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/shop/1"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/2"
CLUSTER = "targetgroup/web/2"
FORWARD = {"Type": "forward", "TargetGroupArn": GROUP}


def rule(priority: str, *conditions: dict[str, Any], action: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"Priority": priority, "Conditions": list(conditions), "Actions": [action or FORWARD]}


def test_rules_are_in_order_of_priority_with_the_default_last() -> None:
    paths = {"Field": "path-pattern", "Values": ["/api/*", "/v?"]}
    found = elbv2_routes.routes([rule("default"), rule("10", paths), rule("2")], 60)
    assert [route["match"] for route in found] == [
        {"prefix": "/"}, {"safe_regex": {"regex": "/api/.*"}}, {"safe_regex": {"regex": "/v."}}, {"prefix": "/"}
    ]  # fmt: skip
    assert found[0]["route"]["cluster"] == CLUSTER


def test_hosts_match_whatever_the_case_and_the_port() -> None:
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.shop.example"]}}
    assert elbv2_routes.match([host])["headers"] == [
        {"name": ":authority", "string_match": {"safe_regex": {"regex": r"(?i)(.*\.shop\.example)(:[0-9]+)?"}}}
    ]


def test_weighted_groups_share_the_requests() -> None:
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": [
        {"TargetGroupArn": GROUP, "Weight": 9}, {"TargetGroupArn": f"{GROUP}0", "Weight": 1}]}}  # fmt: skip
    clusters = elbv2_routes.action(action, 60)["route"]["weighted_clusters"]["clusters"]
    assert clusters == [{"name": CLUSTER, "weight": 9}, {"name": f"{CLUSTER}0", "weight": 1}]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
         {"response_code": "MOVED_PERMANENTLY", "scheme_redirect": "https", "port_redirect": 443,
          "strip_query": False}),
        ({"Host": "b.example", "Path": "/new", "Query": "", "StatusCode": "HTTP_302"},
         {"response_code": "FOUND", "host_redirect": "b.example", "path_redirect": "/new", "strip_query": True}),
    ],
)  # fmt: skip
def test_redirects_keep_what_they_do_not_name(config: dict[str, str], expected: dict[str, Any]) -> None:
    assert elbv2_routes.redirect(config) == expected


@pytest.mark.parametrize(
    ("actions", "conditions"),
    [([{"Type": "authenticate-oidc"}], []), ([FORWARD], [{"Field": "source-ip"}]),
     ([{"Type": "redirect", "RedirectConfig": {"Path": "/#{host}"}}], [])],
)  # fmt: skip
def test_what_is_not_done_is_refused(actions: list[Any], conditions: list[Any]) -> None:
    with pytest.raises(AwsError, match="Local AWS"):
        elbv2_routes.refuse_what_is_not_done(actions, conditions)


def test_a_health_check_counts_every_wrong_answer_up_to_its_threshold() -> None:
    check = elbv2_envoy.health_check({"HealthCheckPath": "/healthz", "Matcher": {"HttpCode": "200,300-302"},
                                      "HealthCheckIntervalSeconds": 5, "UnhealthyThresholdCount": 3})  # fmt: skip
    assert (check["interval"], check["unhealthy_threshold"]) == ("5s", 3)
    assert check["http_health_check"]["path"] == "/healthz"
    assert check["http_health_check"]["expected_statuses"] == [{"start": 200, "end": 201}, {"start": 300, "end": 303}]
    assert check["http_health_check"]["retriable_statuses"] == [{"start": 100, "end": 600}]


CHECKS = {"InUse": True, "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 2, "UnhealthyThresholdCount": 2}
NEW, OLD = {"Registered": 95.0}, {"Registered": 0.0, "SeenHealthy": True}


@pytest.mark.parametrize(
    ("target", "observed", "group", "state", "reason"),
    [
        (NEW, Observed(), CHECKS, "initial", "Elb.RegistrationInProgress"),
        (NEW, Observed(failing=True), CHECKS, "initial", "Elb.InitialHealthChecking"),
        (NEW, Observed(failing=False), CHECKS, "healthy", None),
        (NEW | {"Registered": 80.0}, Observed(failing=True), CHECKS, "unhealthy", "Target.FailedHealthChecks"),
        (OLD, Observed(failing=True, timed_out=True), CHECKS, "unhealthy", "Target.Timeout"),
        (OLD | {"Draining": 99.0}, Observed(failing=False), CHECKS, "draining", "Target.DeregistrationInProgress"),
        (OLD | {"Running": False}, Observed(), CHECKS, "unused", "Target.InvalidState"),
        (OLD, Observed(failing=False), CHECKS | {"InUse": False}, "unused", "Target.NotInUse"),
        (OLD, Observed(failing=True), CHECKS | {"HealthCheckEnabled": False}, "healthy", None),
    ],
)
def test_states_of_targets(target: Any, observed: Observed, group: Any, state: str, reason: str | None) -> None:
    told = elbv2_health.state(target, observed, group, now=100.0)
    assert (told["State"], told.get("Reason")) == (state, reason)


def test_draining_ends_with_the_last_request_or_the_delay() -> None:
    draining = {"Draining": 100.0}
    assert not elbv2_health.drained(draining, Observed(active_requests=1), 30.0, 110.0)
    assert elbv2_health.drained(draining, Observed(active_requests=0), 30.0, 110.0)
    assert elbv2_health.drained(draining, Observed(active_requests=1), 30.0, 130.0)
    assert not elbv2_health.drained({"Draining": None}, Observed(), 30.0, 130.0)


def sample(name: str, value: float, **labels: str) -> Sample:
    return Sample(f"cluster_{name}", {"envoy_cluster_name": CLUSTER} | labels, value)


def test_a_meter_adds_what_came_since_and_survives_a_proxy_that_starts_again() -> None:
    meter = elbv2_metrics.Meter()
    counts = [
        meter.added([sample("upstream_rq_xx", value, envoy_response_code_class="2")]) for value in (5.0, 8.0, 2.0)
    ]
    assert [count[CLUSTER, "2XX"] for count in counts] == [5.0, 3.0, 2.0]


def test_errors_of_the_balancers_own_are_not_the_targets() -> None:
    world = elbv2_envoy.World([elbv2_envoy.Balancer(BALANCER, 60.0, {}, {})], {GROUP: {"LoadBalancerArns": [BALANCER]}})
    added = {(CLUSTER, "2XX"): 90.0, (CLUSTER, "5XX"): 10.0, (CLUSTER, "sum"): 1000.0, (CLUSTER, "count"): 100.0}
    errors = [{"balancer": "app/shop/1", "cluster": CLUSTER, "status": 502}] * 4
    period = elbv2_metrics.Period(added, errors, {GROUP: Counter(healthy=2, unhealthy=1)})
    of_balancer = {point.name: point.value for point in elbv2_metrics.points(world, period)
                   if point.dimensions == {"LoadBalancer": "app/shop/1"}}  # fmt: skip
    of_group = {point.name: point.value for point in elbv2_metrics.points(world, period)
                if point.dimensions == {"TargetGroup": CLUSTER}}  # fmt: skip
    assert of_balancer == {
        "HTTPCode_ELB_5XX_Count": 4, "HTTPCode_ELB_502_Count": 4, "HTTPCode_Target_2XX_Count": 90.0,
        "HTTPCode_Target_5XX_Count": 6.0, "TargetResponseTime": 0.01, "RequestCount": 100.0,
    }  # fmt: skip
    assert of_group == {"RequestCountPerTarget": 50.0}
