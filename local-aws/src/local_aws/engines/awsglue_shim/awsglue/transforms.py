"""Glue's transform classes, over DynamicFrame's methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .dynamicframe import DynamicFrame


class ApplyMapping:
    @staticmethod
    def apply(frame: DynamicFrame, mappings: Sequence[tuple[str, str, str, str]], **_options: Any) -> DynamicFrame:
        return frame.apply_mapping(mappings)


class SelectFields:
    @staticmethod
    def apply(frame: DynamicFrame, paths: Sequence[str], **_options: Any) -> DynamicFrame:
        return frame.select_fields(paths)


class DropFields:
    @staticmethod
    def apply(frame: DynamicFrame, paths: Sequence[str], **_options: Any) -> DynamicFrame:
        return frame.drop_fields(paths)


class RenameField:
    @staticmethod
    def apply(frame: DynamicFrame, old_name: str, new_name: str, **_options: Any) -> DynamicFrame:
        return frame.rename_field(old_name, new_name)
