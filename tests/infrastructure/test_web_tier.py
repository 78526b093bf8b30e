"""The web tier as CloudFormation says what the Terraform module says, and is what CloudFormation takes."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from typing import Any

import hcl2
import pytest
from terraform_parts import CHECKOUT

APP = CHECKOUT / "app-infrastructure"
MODULE = APP / "terraform" / "modules" / "web-tier"
YAML, JSON = APP / "template.yaml", APP / "template.json"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    return json.loads(JSON.read_text())["Resources"]


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_template_json_is_made_from_template_yaml():
    script = runpy.run_path(str(CHECKOUT / "bin" / "cloudformation_json.py"))
    assert JSON.read_text() == script["as_json"](YAML.read_text()), "run `python bin/cloudformation_json.py`"


def test_instances_boot_from_the_same_user_data(resources):
    (template,) = of_type(resources, "AWS::EC2::LaunchTemplate").values()
    text, values = template["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"]
    ours = (MODULE / "user-data.yaml.tftpl").read_text()
    # What is not to be put in is marked $${…} in Terraform's templates and ${!…} in Fn::Sub.
    assert text == ours.replace("$${", "${!")
    assert set(values) == set(re.findall(r"(?<!\$)\$\{(\w+)\}", ours))


def test_instances_have_the_same_rights(resources):
    (role,) = of_type(resources, "AWS::IAM::Role").values()
    (policy,) = role["Policies"]
    rights = {right["Sid"]: sorted(as_list(right["Action"])) for right in policy["PolicyDocument"]["Statement"]}
    documents = hcl2.loads((MODULE / "iam.tf").read_text())["data"]
    (ours,) = [
        document['"aws_iam_policy_document"']['"storefront"']["statement"]
        for document in documents
        if '"storefront"' in document.get('"aws_iam_policy_document"', {})
    ]
    assert rights == {
        right["sid"].strip('"'): sorted(action.strip('"') for action in right["actions"]) for right in ours
    }


def test_the_same_things_raise_an_alarm(resources):
    watched = {alarm["MetricName"] for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()}
    assert watched == set(re.findall(r"metric\s+= \"(\w+)\"", (MODULE / "alarms.tf").read_text()))


def test_the_same_rules_stand_in_front(resources):
    (firewall,) = of_type(resources, "AWS::WAFv2::WebACL").values()
    groups = {rule["Name"]: rule["Priority"] for rule in firewall["Rules"] if rule["Name"] != "rate"}
    ours = re.findall(r"(AWSManagedRules\w+)\s+= (\d+)", (MODULE / "firewall.tf").read_text())
    assert groups == {name: int(priority) for name, priority in ours}


def test_iam_resources_have_no_names_of_their_own(resources):
    named = [
        (name, key)
        for name, resource in resources.items()
        if resource["Type"].startswith("AWS::IAM::")
        for key in resource["Properties"]
        if key.endswith("Name")
    ]
    assert named == [], "a name needs CAPABILITY_NAMED_IAM"


def test_instances_are_closed_and_encrypted(resources):
    (template,) = of_type(resources, "AWS::EC2::LaunchTemplate").values()
    data = template["LaunchTemplateData"]
    assert (data["MetadataOptions"]["HttpTokens"], data["MetadataOptions"]["HttpPutResponseHopLimit"]) == (
        "required",
        1,
    )
    assert all(mapping["Ebs"]["Encrypted"] for mapping in data["BlockDeviceMappings"])
    assert "KeyName" not in data
    ingress = resources["StorefrontGroup"]["Properties"]["SecurityGroupIngress"]
    assert [(rule["SourceSecurityGroupId"], rule["ToPort"]) for rule in ingress] == [
        ({"Ref": "LoadBalancerGroup"}, 8000)
    ]


@pytest.mark.parametrize("template", [YAML, JSON], ids=lambda path: path.name)
def test_cfn_lint_finds_nothing(template):
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on PATH, so cfn-lint cannot be run apart from our packages; `make test` brings it")
    lint = [uv, "tool", "run", "--from", "cfn-lint==1.58.0", "cfn-lint"]
    brought = subprocess.run([*lint, "--version"], capture_output=True, text=True, check=False)
    if brought.returncode:
        pytest.skip(f"cfn-lint could not be installed: {brought.stderr.strip().splitlines()[-1]}")
    done = subprocess.run([*lint, str(template)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
