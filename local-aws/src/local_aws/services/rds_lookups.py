"""What an instance refers to: parameter group, subnet group, security groups and keys, as other services know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_aws.context import Context
from local_aws.services.rds_records import ENGINES, bad_combination
from local_aws.services.rds_secrets import MasterSecrets
from local_aws.wire import AwsError, Params


@dataclass(frozen=True)
class Lookups:
    """All calls block; what does not exist is refused as RDS refuses it."""

    ctx: Context

    def parameter_group(self, name: str | None, engine: str, version: str) -> str:
        """The group's name, when it fits the engine's version; the default group without a name."""
        wanted = ENGINES[engine].family(engine, version)
        default = f"default.{wanted}"
        if not name or name == default:
            return default
        found = self._rds("describe_db_parameter_groups", DBParameterGroupName=name)["DBParameterGroups"][0]
        if found["DBParameterGroupFamily"] != wanted:
            raise bad_combination(
                f"The parameter group {name} with DBParameterGroupFamily {found['DBParameterGroupFamily']} can't be "
                f"used for this instance. Please use a parameter group with DBParameterGroupFamily {wanted}."
            )
        return name

    def subnet_group(self, name: str | None) -> Params:
        if not name:
            vpcs = self.ctx.client("ec2").describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]
            group = {
                "DBSubnetGroupName": "default",
                "DBSubnetGroupDescription": "default",
                "SubnetGroupStatus": "Complete",
            }
            return group | ({"VpcId": vpcs[0]["VpcId"]} if vpcs else {})
        found: Params = self._rds("describe_db_subnet_groups", DBSubnetGroupName=name)["DBSubnetGroups"][0]
        return found

    def security_groups(self, ids: list[str] | None, vpc: str | None) -> list[Params]:
        """The given groups, else the VPC's default one."""
        if not ids and vpc:
            filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
            groups = self.ctx.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
            ids = [group["GroupId"] for group in groups]
        return [{"VpcSecurityGroupId": group, "Status": "active"} for group in ids or []]

    def keys(self, params: Params) -> Params:
        """KMS keys by ARN: of the storage, and of Performance Insights."""
        arn, found = MasterSecrets(self.ctx).key_arn, {}
        if params.get("StorageEncrypted") or params.get("KmsKeyId"):
            found = {"KmsKeyId": arn(params.get("KmsKeyId") or "alias/aws/rds")}
        if params.get("EnablePerformanceInsights"):
            found["PerformanceInsightsKMSKeyId"] = arn(params.get("PerformanceInsightsKMSKeyId") or "alias/aws/rds")
        return found

    def _rds(self, method: str, **arguments: Any) -> Params:
        try:
            answer: Params = getattr(self.ctx.client("rds"), method)(**arguments)
        except ClientError as error:
            detail = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise AwsError(detail["Code"], detail["Message"], status) from error
        return answer
