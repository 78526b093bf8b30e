"""What the stages of one run tell each other: JSON files under s3://<lake>/runs/<run id>/."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from batch_etl.errors import RunStateMissing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class RunFolder:
    """The folder of `run_id` in `bucket`."""

    s3: S3Client
    bucket: str
    run_id: str

    def write(self, name: str, content: dict[str, Any]) -> None:
        body = json.dumps(content, indent=2, ensure_ascii=False).encode()
        self.s3.put_object(Bucket=self.bucket, Key=self._key(name), Body=body, ContentType="application/json")

    def read(self, name: str) -> dict[str, Any]:
        """Raises RunStateMissing when the stage that writes it has not run under this run id."""
        content = self.find(name)
        if content is None:
            raise RunStateMissing(
                f"s3://{self.bucket}/{self._key(name)} is missing: stage {name!r} of run {self.run_id!r} has not "
                f"succeeded. Run the stages in order with the same --run_id, or all of them at once."
            )
        return content

    def find(self, name: str) -> dict[str, Any] | None:
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=self._key(name))["Body"].read()
        except ClientError as problem:
            if problem.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        content: dict[str, Any] = json.loads(body)
        return content

    def forget(self, *names: str) -> None:
        """Remove what an earlier attempt of this run left, so that no later stage takes it for this one's."""
        for name in names:
            self.s3.delete_object(Bucket=self.bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"runs/{self.run_id}/{name}.json"
