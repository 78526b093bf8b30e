"""Launch templates, amended: the key of an encrypted volume reads back as it was set."""

from __future__ import annotations

from typing import Any, ClassVar

from local_aws.services.base import Service, action
from local_aws.wire import AwsRequest, Params


class LaunchTemplates(Service):
    name: ClassVar[str] = "ec2"

    @action("CreateLaunchTemplate")
    async def create_launch_template(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        self._note(result["LaunchTemplate"]["LaunchTemplateId"], 1, request.params["LaunchTemplateData"])
        return result

    @action("CreateLaunchTemplateVersion")
    async def create_version(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        version = result["LaunchTemplateVersion"]
        self._note(version["LaunchTemplateId"], version["VersionNumber"], request.params["LaunchTemplateData"])
        return result | {"LaunchTemplateVersion": self._completed(version)}

    @action("DescribeLaunchTemplateVersions")
    async def describe_versions(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        versions = [self._completed(version) for version in result.get("LaunchTemplateVersions", [])]
        return result | {"LaunchTemplateVersions": versions}

    @action("DeleteLaunchTemplate")
    async def delete_launch_template(self, request: AwsRequest) -> Params:
        result = await self.ctx.upstream(request)
        self._keys().pop(result["LaunchTemplate"]["LaunchTemplateId"], None)
        return result

    def _keys(self) -> Any:
        """By template: {version: {device: key}}."""
        return self.ctx.table("ec2.launch_template_keys")

    def _note(self, template: str, version: int, data: Params) -> None:
        keys = {
            mapping["DeviceName"]: key
            for mapping in data.get("BlockDeviceMappings", [])
            if (key := mapping.get("Ebs", {}).get("KmsKeyId"))
        }
        self._keys()[template] = (self._keys().get(template) or {}) | {str(version): keys}

    def _completed(self, version: Params) -> Params:
        known = self._keys().get(version["LaunchTemplateId"]) or {}
        keys = known.get(str(version["VersionNumber"]), {})
        data = version["LaunchTemplateData"]
        mappings = [
            mapping | {"Ebs": mapping.get("Ebs", {}) | {"KmsKeyId": key}}
            if (key := keys.get(mapping.get("DeviceName")))
            else mapping
            for mapping in data.get("BlockDeviceMappings", [])
        ]
        return version | {"LaunchTemplateData": data | ({"BlockDeviceMappings": mappings} if mappings else {})}
