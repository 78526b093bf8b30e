"""The part of AWS Glue's Python library that runs on plain Spark, for scripts that import awsglue.

AWS publishes no Glue library that works outside Glue. What is here behaves as Glue's; what is not raises
NotImplementedError by name, so that nothing seems to work that does not.
"""

from .dynamicframe import DynamicFrame

__all__ = ["DynamicFrame"]
