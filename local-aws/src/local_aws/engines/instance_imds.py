"""The instance metadata service, version 2 (EC2 User Guide, "Access instance metadata"), on a loopback port."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST_TOKEN_SECONDS = 21_600
_ROOT = "/latest/meta-data"


class Metadata:
    """What the endpoint answers for one instance, and the tokens that it gave."""

    def __init__(self, instance: dict[str, Any]) -> None:
        self.instance = instance
        self._tokens: dict[str, float] = {}

    def new_token(self, ttl: str | None) -> str | None:
        """None for a lifetime that is missing or out of bounds."""
        if ttl is None or not ttl.isdigit() or not 1 <= int(ttl) <= LONGEST_TOKEN_SECONDS:
            return None
        token = secrets.token_urlsafe(40)
        self._tokens[token] = time.monotonic() + int(ttl)
        return token

    def allows(self, token: str | None) -> bool:
        """Version 1 sends no token: refused where the launch template requires one; a wrong one is refused always."""
        if token is None:
            return bool(self.instance["http_tokens"] != "required")
        return self._tokens.get(token, 0.0) > time.monotonic()

    def answer(self, path: str) -> str | None:
        facts, role = self.facts(), self.instance.get("role")
        if path == "/latest/user-data":
            return str(self.instance["user_data"])
        if path == "/latest/dynamic/instance-identity/document":
            names = {"instanceId": "instance-id", "region": "placement/region", "imageId": "ami-id",
                     "availabilityZone": "placement/availability-zone", "instanceType": "instance-type"}  # fmt: skip
            return json.dumps(
                {key: facts[name] for key, name in names.items()} | {"accountId": self.instance["account"]}
            )
        if role and path.rstrip("/") == f"{_ROOT}/iam/security-credentials":
            return str(role)
        if role and path == f"{_ROOT}/iam/security-credentials/{role}":
            return json.dumps(credentials(datetime.now(UTC)))
        name = path.removeprefix(f"{_ROOT}/")
        if path.rstrip("/") == _ROOT:
            return "\n".join(sorted(facts))
        return facts.get(name)

    def facts(self) -> dict[str, str]:
        instance = self.instance
        return {
            "ami-id": instance["image_id"],
            "instance-id": instance["instance_id"],
            "instance-type": instance["instance_type"],
            "local-ipv4": "127.0.0.1",
            "placement/availability-zone": instance["zone"],
            "placement/region": instance["region"],
            "autoscaling/target-lifecycle-state": "InService",
        } | {f"tags/instance/{key}": value for key, value in instance.get("tags", {}).items()}


def credentials(now: datetime) -> dict[str, str]:
    """The laptop's keys in the form of an instance profile's, six hours long."""
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": "test",
        "SecretAccessKey": "test",
        "Token": "test",
        "LastUpdated": now.strftime(stamp),
        "Expiration": (now + timedelta(hours=6)).strftime(stamp),
    }


def server(metadata: Metadata, port: int) -> ThreadingHTTPServer:
    """Listens at once; serve_forever() is the caller's."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            token = metadata.new_token(self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"))
            known = self.path == "/latest/api/token"
            self._send(404 if not known else 200 if token else 400, (token or "") if known else "")

        def do_GET(self) -> None:
            if not metadata.allows(self.headers.get("X-aws-ec2-metadata-token")):
                self._send(401, "")
                return
            found = metadata.answer(self.path)
            self._send(200 if found is not None else 404, found or "")

        def _send(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """The console is for what the instance does."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
