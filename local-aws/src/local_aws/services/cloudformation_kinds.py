"""The resource types that CloudFormation makes by API calls, and those that it refuses."""

from __future__ import annotations

from local_aws.services import (
    cloudformation_balancing,
    cloudformation_group,
    cloudformation_instances,
    cloudformation_network,
    cloudformation_storage,
)
from local_aws.services.cloudformation_resource import Kind

KINDS: dict[str, Kind] = {
    kind.type: kind
    for module in (
        cloudformation_balancing,
        cloudformation_group,
        cloudformation_instances,
        cloudformation_network,
        cloudformation_storage,
    )
    for kind in module.KINDS
}
# The emulator would record these and report success, but services of ours run them: a stack with one is refused.
_RUN_BY_US = (
    "AWS::Athena::",
    "AWS::AutoScaling::",
    "AWS::ElasticLoadBalancingV2::",
    "AWS::Glue::Crawler",
    "AWS::Glue::Job",
    "AWS::Glue::Trigger",
    "AWS::Kinesis::",
    "AWS::KinesisFirehose::",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Url",
    "AWS::RDS::",
)


def refused(resource_type: str) -> bool:
    return resource_type.startswith(_RUN_BY_US) and resource_type not in KINDS
