"""Fetches an object for PostgreSQL: `python -I s3_object.py ENDPOINT head|body BASE64-OF-[BUCKET,KEY]`.

It stands alone, so that any Python runs it. `head` prints {"status", "size", "reason"}; `body` prints the object,
unpacked when its Content-Encoding is gzip, as RDS does.
"""

import base64
import gzip
import json
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
REASONS = {
    403: "Permission denied. Check bucket policy.",
    404: "Not Found. Check bucket or arguments for invalid characters.",
}


def main(endpoint: str, action: str, encoded: str) -> None:
    bucket, key = json.loads(base64.b64decode(encoded))
    url = f"{endpoint}/{urllib.parse.quote(bucket)}/{urllib.parse.quote(key)}"
    method = "HEAD" if action == "head" else "GET"
    request = urllib.request.Request(url, method=method, headers={"Authorization": SIGNED})  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own loopback URL
            if action == "head":
                print(json.dumps({"status": 200, "size": int(answer.headers["Content-Length"])}))
                return
            packed = answer.headers.get("Content-Encoding") == "gzip"
            shutil.copyfileobj(gzip.GzipFile(fileobj=answer) if packed else answer, sys.stdout.buffer)
    except urllib.error.HTTPError as error:
        if action != "head":
            raise
        print(json.dumps({"status": error.code, "reason": REASONS.get(error.code, error.reason)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
