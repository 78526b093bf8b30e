"""IAM, amended: a service-linked role has the suffix and the description that it was made with."""

from __future__ import annotations

import json
from typing import ClassVar

from local_aws.internal_call import call_upstream
from local_aws.services.base import Service, action
from local_aws.wire import AwsError, AwsRequest, Params

# As IAM spells them; a service's own documentation names its role ("Service-linked roles for Amazon EC2 Auto Scaling").
_SPELLED = {"autoscaling": "AutoScaling", "elasticloadbalancing": "ElasticLoadBalancing", "rds": "RDS"}
_WITH_SUFFIX = {"autoscaling.amazonaws.com", "lex.amazonaws.com", "inspector2.amazonaws.com"}


class LinkedRoles(Service):
    name: ClassVar[str] = "iam"

    @action("CreateServiceLinkedRole")
    async def create_service_linked_role(self, request: AwsRequest) -> Params:
        service, suffix = request.params["AWSServiceName"], request.params.get("CustomSuffix")
        if suffix and service not in _WITH_SUFFIX:
            raise AwsError("InvalidInput", f"Custom suffix is not allowed for {service}")
        short = service.partition(".")[0]
        name = f"AWSServiceRoleFor{_SPELLED.get(short, short.capitalize())}" + (f"_{suffix}" if suffix else "")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        role = {
            "Path": f"/aws-service-role/{service}/",
            "RoleName": name,
            "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            "Description": request.params.get("Description") or "",
        }
        try:
            return {"Role": (await call_upstream(self.ctx, "iam", "CreateRole", **role))["Role"]}
        except AwsError as error:
            if error.code != "EntityAlreadyExists":
                raise
            message = f"Service role name {name} has been taken in this account, please try a different suffix."
            raise AwsError("InvalidInput", message) from error
