"""Glue assumes the role of a job or a crawler before anything else."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from local_aws.services.glue_jobs import invalid


def glue_may_assume(iam: Any, role: str) -> bool:
    """Whether the role, by name or ARN, exists and trusts Glue; `iam` is a boto3 client."""
    try:
        found = iam.get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]
    except ClientError:
        return False
    return "glue.amazonaws.com" in json.dumps(found["AssumeRolePolicyDocument"])


def check_job_role(iam: Any, role: str) -> None:
    """What StartJobRun says of a role that Glue cannot take."""
    if not glue_may_assume(iam, role):
        raise invalid(f"Role {role} should be given assume role permissions for Glue Service.")
