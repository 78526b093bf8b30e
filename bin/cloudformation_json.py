"""Writes app-infrastructure/template.json from template.yaml: python bin/cloudformation_json.py.

Some tools take CloudFormation as JSON only, where the short forms of YAML (!Ref, !Sub) are functions (Ref, Fn::Sub).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parents[1] / "app-infrastructure" / "template.yaml"


class ShortForms(yaml.SafeLoader):
    """YAML with CloudFormation's tags, which SafeLoader refuses."""


def _function(loader: ShortForms, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.MappingNode):
        value: Any = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = node.value
    if tag == "GetAtt":
        value = value.split(".", 1)
    return {tag if tag in ("Condition", "Ref") else f"Fn::{tag}": value}


ShortForms.add_multi_constructor("!", _function)


def as_json(template: str) -> str:
    """The template in JSON, two spaces deep, in the order of its author."""
    return json.dumps(yaml.load(template, ShortForms), indent=2) + "\n"  # noqa: S506 - a SafeLoader with more tags


if __name__ == "__main__":
    TEMPLATE.with_suffix(".json").write_text(as_json(TEMPLATE.read_text()))
