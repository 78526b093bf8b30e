"""A rolling update of UpdatePolicy, as an instance refresh."""

from __future__ import annotations

import pytest
from local_aws.services.cloudformation_resource import Call, ResourceError
from local_aws.services.cloudformation_rolling import duration, percentages, rolling_update
from local_aws.wire import Params

NOWHERE = Call(lambda service: pytest.fail(f"{service} was called"), "shop", "Group")


@pytest.mark.parametrize(
    ("desired", "batch", "least", "wanted"),
    [
        (2, 1, 2, (100, 150)),  # none may be missing: one comes on top
        (2, 1, 1, (50, 100)),  # one may be missing: it goes first
        (4, 2, 0, (50, 100)),  # no more than a batch is missing at a time
        (3, 1, 3, (100, 134)),  # a whole instance, when percent is rounded
        (1, 4, 1, (100, 200)),  # the most that a refresh takes
        (1, 1, 0, (0, 100)),
    ],
)
def test_a_batch_is_missing_or_comes_on_top(desired: int, batch: int, least: int, wanted: tuple[int, int]) -> None:
    assert tuple(percentages(desired, batch, least).values()) == wanted


def test_a_pause_is_an_iso_8601_duration() -> None:
    assert (duration("PT3M"), duration("PT1H30M"), duration("PT0S")) == (180.0, 5400.0, 0.0)
    with pytest.raises(ResourceError, match="PauseTime 3 minutes is not like PT#H#M#S"):
        duration("3 minutes")


def test_without_a_policy_the_instances_stay() -> None:
    rolling_update(NOWHERE, "shop-web", {})


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"AutoScalingReplacingUpdate": {"WillReplace": True}}, "AutoScalingReplacingUpdate of UpdatePolicy"),
        ({"AutoScalingRollingUpdate": {"MinActiveInstancesPercent": 50}}, "MinActiveInstancesPercent"),
        ({"AutoScalingRollingUpdate": {"WaitOnResourceSignals": "true"}}, "WaitOnResourceSignals"),
    ],
)
def test_what_is_not_done_is_refused_by_name(policy: Params, said: str) -> None:
    with pytest.raises(ResourceError, match=said):
        rolling_update(NOWHERE, "shop-web", policy)
