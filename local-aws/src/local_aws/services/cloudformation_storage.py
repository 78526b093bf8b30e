"""CloudFormation's buckets, queues, secrets, log groups and alarms."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from local_aws.services.cloudformation_resource import Call, Kind, ResourceError, chosen, refuse_others, without
from local_aws.settings import ACCOUNT, REGION
from local_aws.wire import Params

BUCKET_NAME_LENGTH = 63
QUEUE_NAME_LENGTH = 80
_LIFECYCLE = frozenset(
    {"AbortIncompleteMultipartUpload", "ExpirationInDays", "Id", "NoncurrentVersionExpiration", "Prefix", "Status"}
)


class Bucket(Kind):
    type: ClassVar[str] = "AWS::S3::Bucket"
    fixed: ClassVar[tuple[str, ...]] = ("BucketName",)
    changeable: ClassVar[frozenset[str]] = frozenset(
        {"BucketEncryption", "LifecycleConfiguration", "OwnershipControls", "PublicAccessBlockConfiguration",
         "VersioningConfiguration"}
    )  # fmt: skip

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset({*self.fixed, *self.changeable, "Tags"}))
        name = props.get("BucketName") or call.name(BUCKET_NAME_LENGTH).lower()
        call.do("s3", "create_bucket", Bucket=name)
        return str(name)

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if props.get("Tags") and not before:
            call.do("s3", "put_bucket_tagging", Bucket=physical_id, Tagging={"TagSet": props["Tags"]})
        for name, operation, argument, written in (
            ("BucketEncryption", "put_bucket_encryption", "ServerSideEncryptionConfiguration", _encryption),
            ("LifecycleConfiguration", "put_bucket_lifecycle_configuration", "LifecycleConfiguration", _lifecycle),
            ("OwnershipControls", "put_bucket_ownership_controls", "OwnershipControls", dict),
            ("PublicAccessBlockConfiguration", "put_public_access_block", "PublicAccessBlockConfiguration", dict),
            ("VersioningConfiguration", "put_bucket_versioning", "VersioningConfiguration", dict),
        ):
            if props.get(name) != before.get(name):
                call.do("s3", operation, **{"Bucket": physical_id, argument: written(props[name])})

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {
            "Arn": f"arn:aws:s3:::{physical_id}",
            "DomainName": f"{physical_id}.s3.amazonaws.com",
            "RegionalDomainName": f"{physical_id}.s3.{REGION}.amazonaws.com",
        }

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("s3", "delete_bucket", Bucket=physical_id)


def _encryption(asked: Params) -> Params:
    rules = [dict(rule) for rule in asked["ServerSideEncryptionConfiguration"]]
    for rule in rules:
        rule["ApplyServerSideEncryptionByDefault"] = rule.pop("ServerSideEncryptionByDefault", None)
    return {"Rules": rules}


def _lifecycle(asked: Params) -> Params:
    rules = []
    for rule in asked["Rules"]:
        refuse_others("a lifecycle rule", rule, _LIFECYCLE)
        days = rule.get("ExpirationInDays")
        rules.append(
            chosen(rule, "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration", "Status")
            | {"ID": rule.get("Id"), "Filter": {"Prefix": rule.get("Prefix", "")}}
            | ({"Expiration": {"Days": days}} if days is not None else {})
        )
    return {"Rules": rules}


class BucketPolicy(Kind):
    type: ClassVar[str] = "AWS::S3::BucketPolicy"
    fixed: ClassVar[tuple[str, ...]] = ("Bucket",)
    changeable: ClassVar[frozenset[str]] = frozenset({"PolicyDocument"})
    tags: ClassVar[str] = ""

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset({*self.fixed, *self.changeable}))
        return str(props["Bucket"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        call.do("s3", "put_bucket_policy", Bucket=physical_id, Policy=props["PolicyDocument"])

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("s3", "delete_bucket_policy", Bucket=physical_id)


class Queue(Kind):
    type: ClassVar[str] = "AWS::SQS::Queue"
    fixed: ClassVar[tuple[str, ...]] = ("FifoQueue", "QueueName")
    changeable: ClassVar[frozenset[str]] = frozenset(
        {"ContentBasedDeduplication", "DelaySeconds", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId",
         "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy",
         "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout"}
    )  # fmt: skip

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset({*self.fixed, *self.changeable, "Tags"}))
        name = props.get("QueueName") or call.name(QUEUE_NAME_LENGTH)
        attributes = chosen(props, "FifoQueue", *self.changeable)
        tags = {tag["Key"]: tag["Value"] for tag in props.get("Tags", ())}
        return str(call.do("sqs", "create_queue", QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            new = chosen(props, *self.changeable)
            call.do("sqs", "set_queue_attributes", QueueUrl=physical_id, Attributes=new)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        asked = {"QueueUrl": physical_id, "AttributeNames": ["QueueArn"]}
        arn = call.do("sqs", "get_queue_attributes", **asked)["Attributes"]["QueueArn"]
        return {"Arn": arn, "QueueName": arn.rpartition(":")[2], "QueueUrl": physical_id}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("sqs", "delete_queue", QueueUrl=physical_id)


class Secret(Kind):
    type: ClassVar[str] = "AWS::SecretsManager::Secret"
    fixed: ClassVar[tuple[str, ...]] = ("Name",)
    changeable: ClassVar[frozenset[str]] = frozenset(
        {"Description", "GenerateSecretString", "KmsKeyId", "SecretString"}
    )

    def create(self, call: Call, props: Params) -> str:
        own = without(props, "GenerateSecretString") | {"Name": props.get("Name") or call.name()}
        value = self._value(call, props)
        return str(call.do("secretsmanager", "create_secret", **own | value)["ARN"])

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        """A new way to generate it makes a new value."""
        if not before:
            return
        same = all(props.get(name) == before.get(name) for name in ("GenerateSecretString", "SecretString"))
        value = {} if same else self._value(call, props)
        new = chosen(props, "Description", "KmsKeyId") | value
        call.do("secretsmanager", "update_secret", SecretId=physical_id, **new)

    def _value(self, call: Call, props: Params) -> dict[str, str]:
        if "GenerateSecretString" not in props:
            return chosen(props, "SecretString")
        asked = props["GenerateSecretString"]
        rules = without(asked, "GenerateStringKey", "SecretStringTemplate")
        made = call.do("secretsmanager", "get_random_password", **rules)["RandomPassword"]
        if "SecretStringTemplate" not in asked:
            return {"SecretString": made}
        try:
            document: dict[str, Any] = json.loads(asked["SecretStringTemplate"])
        except ValueError as error:
            raise ResourceError(f"SecretStringTemplate is not JSON: {error}") from None
        return {"SecretString": json.dumps(document | {asked["GenerateStringKey"]: made})}

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {"Id": physical_id}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("secretsmanager", "delete_secret", SecretId=physical_id, ForceDeleteWithoutRecovery=True)


class LogGroup(Kind):
    type: ClassVar[str] = "AWS::Logs::LogGroup"
    fixed: ClassVar[tuple[str, ...]] = ("LogGroupName",)
    changeable: ClassVar[frozenset[str]] = frozenset({"KmsKeyId", "RetentionInDays"})

    def create(self, call: Call, props: Params) -> str:
        refuse_others(self.type, props, frozenset({*self.fixed, *self.changeable, "LogGroupClass", "Tags"}))
        name = props.get("LogGroupName") or call.name()
        call.do(
            "logs", "create_log_group", logGroupName=name, kmsKeyId=props.get("KmsKeyId"),
            logGroupClass=props.get("LogGroupClass"),
            tags={tag["Key"]: tag["Value"] for tag in props.get("Tags", ())},
        )  # fmt: skip
        return str(name)

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before and props.get("KmsKeyId") != before.get("KmsKeyId"):
            call.do("logs", "associate_kms_key", logGroupName=physical_id, kmsKeyId=props["KmsKeyId"])
        if days := props.get("RetentionInDays"):
            call.do("logs", "put_retention_policy", logGroupName=physical_id, retentionInDays=days)

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{physical_id}:*"}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("logs", "delete_log_group", logGroupName=physical_id)


class Alarm(Kind):
    type: ClassVar[str] = "AWS::CloudWatch::Alarm"
    fixed: ClassVar[tuple[str, ...]] = ("AlarmName",)
    changeable: ClassVar[frozenset[str]] = frozenset(
        {"ActionsEnabled", "AlarmActions", "AlarmDescription", "ComparisonOperator", "DatapointsToAlarm", "Dimensions",
         "EvaluationPeriods", "ExtendedStatistic", "InsufficientDataActions", "MetricName", "Namespace", "OKActions",
         "Period", "Statistic", "Threshold", "TreatMissingData", "Unit"}
    )  # fmt: skip

    def create(self, call: Call, props: Params) -> str:
        """The stack's own tags are AWS's to set: PutMetricAlarm refuses them."""
        name = str(props.get("AlarmName") or call.name())
        tags = [tag for tag in props.get("Tags", ()) if not tag["Key"].startswith("aws:")]
        call.do("cloudwatch", "put_metric_alarm", **props | {"AlarmName": name, "Tags": tags})
        return name

    def configure(self, call: Call, physical_id: str, props: Params, before: Params) -> None:
        if before:
            call.do("cloudwatch", "put_metric_alarm", **without(props, "Tags") | {"AlarmName": physical_id})

    def attributes(self, call: Call, physical_id: str, props: Params) -> Params:
        return {"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{physical_id}"}

    def delete(self, call: Call, physical_id: str, props: Params) -> None:
        call.do("cloudwatch", "delete_alarms", AlarmNames=[physical_id])


KINDS = (Bucket(), BucketPolicy(), Queue(), Secret(), LogGroup(), Alarm())
