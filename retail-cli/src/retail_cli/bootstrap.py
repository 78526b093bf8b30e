"""`retail bootstrap`: the bucket of Terraform's remote state, which no Terraform root can make for itself."""

from __future__ import annotations

import json
import shlex
from typing import Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from retail_cli.checkout import project

stderr = Console(stderr=True)


def bootstrap() -> None:
    """Create the state bucket when it is missing and print, for `eval`, how `terraform init` finds it."""
    try:
        session = boto3.Session()
        region = _region(session)
        bucket = f"{project()}-terraform-state-{_account(session)}-{region}"
        _make(session.client("s3"), bucket, region)
    except (BotoCoreError, ClientError, ValueError) as error:
        stderr.print(
            f"The state bucket could not be made: {error}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        raise typer.Exit(1) from None
    arguments = f"-backend-config=bucket={bucket} -backend-config=region={region}"
    typer.echo(f"export TF_CLI_ARGS_init={shlex.quote(arguments)}")


def _region(session: boto3.Session) -> str:
    if session.region_name is None:
        raise ValueError("No region is set. Export AWS_REGION, e.g. AWS_REGION=eu-central-1, and run again.")
    return session.region_name


def _account(session: boto3.Session) -> str:
    return str(session.client("sts").get_caller_identity()["Account"])


def _make(s3: Any, bucket: str, region: str) -> None:
    """Versioned, encrypted, private, TLS only; every step may be repeated."""
    try:
        s3.head_bucket(Bucket=bucket)
        stderr.print(f"{bucket} is there already; its settings are made sure of")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        # S3 takes every region's name but its first one's.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **place)
        stderr.print(f"{bucket} is made")
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [_ENCRYPTION]})
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [_LIFECYCLE]})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(bucket)))


_ENCRYPTION = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
_LIFECYCLE = {
    "ID": "keep-old-states-for-a-year",
    "Status": "Enabled",
    "Filter": {},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 365},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
}


def _tls_only(bucket: str) -> dict[str, Any]:
    arn = f"arn:{boto3.Session().get_partition_for_region(boto3.Session().region_name or '')}:s3:::{bucket}"
    statement = {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
