"""Which instances come and go, and what target tracking wants."""

from __future__ import annotations

from typing import Any

import pytest
from local_aws.services import autoscaling_groups as groups
from local_aws.services import autoscaling_plan as plan
from local_aws.services import autoscaling_tracking as tracking
from local_aws.services.autoscaling_plan import Member, RefreshStep
from local_aws.wire import AwsError


def member(name: str, zone: str = "a", state: str = "InService", **more: Any) -> Member:
    return Member(name, state, zone, **more)


def test_one_that_ends_does_not_count() -> None:
    members = [member("1"), member("2", state="Terminating:Wait"), member("3", state="Pending")]
    assert (plan.shortfall(members, 3), plan.surplus(members, 2)) == (1, [])


def test_the_fullest_zone_gives_its_oldest_instance() -> None:
    members = [member("1", "a", since=1), member("2", "b", since=2), member("3", "b", since=3)]
    assert plan.surplus(members, 2) == ["2"]
    assert plan.next_zone(members, ["a", "b"]) == "a"


def test_an_older_launch_template_goes_first_and_protected_ones_stay() -> None:
    assert plan.surplus([member("1", version=2, since=1), member("2", version=1, since=2)], 1) == ["2"]
    assert plan.surplus([member("1", protected=True), member("2", protected=True)], 1) == []


def test_what_is_not_in_service_yet_goes_before_all() -> None:
    assert plan.surplus([member("1"), member("2", state="Pending", since=9.0)], 1) == ["2"]


def test_a_refresh_with_room_starts_one_before_it_ends_one() -> None:
    two = [member("1"), member("2")]
    assert plan.refresh_step(two, {"1", "2"}, {"1", "2"}, 2, (100, 150)) == RefreshStep(surge=1)
    three = [*two, member("3", since=5.0)]
    assert plan.refresh_step(three, {"1", "2"}, {"1", "2"}, 2, (100, 150)) == RefreshStep(surge=1)
    assert plan.refresh_step(three, {"1", "2"}, {"1", "2", "3"}, 2, (100, 150)) == RefreshStep(1, ("1",))


def test_a_refresh_without_room_ends_one_at_a_time() -> None:
    two = [member("1"), member("2")]
    assert plan.refresh_step(two, {"1", "2"}, {"1", "2"}, 2, (90, 100)) == RefreshStep(0, ("1",))
    assert plan.refresh_step([member("2")], {"2"}, {"2"}, 2, (90, 100)) == RefreshStep(0)


def test_a_refresh_is_done_when_all_are_new_and_ready() -> None:
    new = [member("3"), member("4")]
    assert plan.refresh_step(new, {"1", "2"}, {"3"}, 2, (90, 100)) == RefreshStep(done=False)
    assert plan.refresh_step(new, {"1", "2"}, {"3", "4"}, 2, (90, 100)) == RefreshStep(done=True)


def test_scaling_out_needs_three_periods_above_and_is_proportional() -> None:
    assert tracking.wanted_capacity([150, 150], 100, 2, scale_in=True) == 2
    assert tracking.wanted_capacity([90, 150, 150], 100, 2, scale_in=True) == 2
    assert tracking.wanted_capacity([150, 150, 200], 100, 2, scale_in=True) == 4
    assert tracking.wanted_capacity([101, 101, 101], 100, 2, scale_in=True) == 3


def test_scaling_in_needs_fifteen_periods_below_nine_tenths_and_the_busiest_decides() -> None:
    assert tracking.wanted_capacity([10.0] * 14, 100, 4, scale_in=True) == 4
    assert tracking.wanted_capacity([10.0] * 15, 100, 4, scale_in=True) == 1
    assert tracking.wanted_capacity([10.0] * 14 + [60.0], 100, 4, scale_in=True) == 3
    assert tracking.wanted_capacity([95.0] * 15, 100, 4, scale_in=True) == 4
    assert tracking.wanted_capacity([10.0] * 15, 100, 4, scale_in=False) == 4


def test_of_several_policies_the_largest_capacity_wins() -> None:
    assert tracking.combined(2, [1, 3]) == 3
    assert tracking.combined(2, []) == 2


def test_metrics_that_are_followed() -> None:
    label = "app/shop/1/targetgroup/web/2"
    found = tracking.metric_of({"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}, "g")
    assert found == tracking.Metric("RequestCountPerTarget", (("TargetGroup", "targetgroup/web/2"),), per_minute=True)
    assert tracking.metric_of({"PredefinedMetricType": "ASGAverageNetworkIn"}, "g") is None


def group(**params: Any) -> dict[str, Any]:
    asked = {"AutoScalingGroupName": "g", "MinSize": 1, "MaxSize": 4} | params
    return groups.new_group(asked, {"LaunchTemplateId": "lt-1", "Version": "1"}, ["us-east-1a"])


def test_the_capacity_is_the_least_where_none_is_asked_for_and_follows_the_bounds() -> None:
    made = group()
    assert made["DesiredCapacity"] == 1
    assert groups.changed(made, {"MinSize": 2}, None)["DesiredCapacity"] == 2


@pytest.mark.parametrize(("desired", "words"), [(5, "above max value 4"), (0, "below min value 1")])
def test_a_capacity_out_of_bounds_is_refused(desired: int, words: str) -> None:
    with pytest.raises(AwsError, match=words):
        group(DesiredCapacity=desired)


def test_a_group_of_another_kind_is_refused() -> None:
    with pytest.raises(AwsError, match="LaunchConfigurationName"):
        groups.refuse_what_is_not_done({"LaunchConfigurationName": "old"})


def test_a_description_holds_nothing_of_ours() -> None:
    assert not {"Failures", "LaunchAfter", "Refreshes", "ScaledAt"} & groups.described(group(), []).keys()
