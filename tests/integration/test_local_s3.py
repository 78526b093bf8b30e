"""S3 as Terraform and jobs use it, where the emulator alone would lose something."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_aws


def test_an_object_uploaded_in_parts_keeps_its_tags(local_aws):
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="tagged-parts")
    place = {"Bucket": "tagged-parts", "Key": "a wheel.whl"}
    upload = s3.create_multipart_upload(**place, Tagging="Project=retail&Root=batch%20etl")["UploadId"]
    part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"content")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)

    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(**place)["TagSet"]}
    assert tags == {"Project": "retail", "Root": "batch etl"}
    assert s3.get_object(**place)["Body"].read() == b"content"


def test_an_object_uploaded_in_parts_keeps_its_tags_over_the_death_of_the_gateway(fresh_local_aws):
    s3, place = fresh_local_aws.client("s3"), {"Bucket": "tagged-parts", "Key": "wheels/big.whl"}
    s3.create_bucket(Bucket=place["Bucket"])
    upload = s3.create_multipart_upload(**place, Tagging="Project=retail")["UploadId"]
    etag = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"wheel")["ETag"]
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]})

    fresh_local_aws.kill_gateway()

    assert s3.get_object(**place)["Body"].read() == b"wheel"
    assert s3.get_object_tagging(**place)["TagSet"] == [{"Key": "Project", "Value": "retail"}]


def test_a_range_of_a_version_is_that_part_of_that_version(local_aws):
    s3, place = local_aws.client("s3"), {"Bucket": "versions", "Key": "sales.csv"}
    s3.create_bucket(Bucket=place["Bucket"])
    s3.put_bucket_versioning(Bucket=place["Bucket"], VersioningConfiguration={"Status": "Enabled"})
    versions = {body: s3.put_object(**place, Body=body)["VersionId"] for body in (b"0123456789", b"abcdef")}
    for body, version in versions.items():
        answer = s3.get_object(**place, VersionId=version, Range="bytes=2-4", ChecksumMode="ENABLED")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert (answer["ContentRange"], answer["VersionId"]) == (f"bytes 2-4/{len(body)}", version)
        assert answer["Body"].read() == body[2:5]
        assert s3.get_object(**place, VersionId=version, Range="bytes=-3")["Body"].read() == body[-3:]
        assert s3.get_object(**place, VersionId=version)["Body"].read() == body
        with pytest.raises(ClientError, match="InvalidRange"):
            s3.get_object(**place, VersionId=version, Range="bytes=50-60")
